//! What does the server say about the user, and how do we know?

mod map;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::json::{self, Value};
use crate::time::UnixMillis;

pub use map::{ClaimMap, Place};

/// What the server says about the user. Parsed once, when a credential arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    pub subject: String,
    pub username: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub scope: Vec<String>,
    pub permissions: Vec<String>,
    /// `acr`: how sure the server is of who this is (OpenID Connect Core §2).
    pub assurance: Option<String>,
    /// `amr`: how the user authenticated (RFC 8176).
    pub methods: Vec<String>,
    /// When the user last authenticated, Unix seconds by the server's clock.
    pub authenticated_at: Option<i64>,
    /// All claims as they came.
    pub all: Value,
    /// Which of `username`, `name` and `email` the token does not hold: the answer that brought it said them.
    pub beside: Vec<&'static str>,
    pub provenance: Provenance,
    /// The decoded header of the token they came in, for display.
    pub token_header: Option<Value>,
}

/// Where claims come from, how old they are, and who vouches for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    pub source: Source,
    /// When they were asked for, by the device's clock: of what happened later they need not know.
    pub received_at: UnixMillis,
    /// What the server's clock said as they came, as estimated from its answer.
    pub server_time: UnixMillis,
    pub verification: Verification,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The answer of the session endpoint.
    SessionEndpoint,
    /// The access token itself.
    AccessToken,
    /// The token endpoint's answer, beside an access token that only the server can read.
    TokenEndpoint,
}

/// Whether a signature vouches for claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// They came from the server itself, over its own connection, and carry no signature.
    FromServer,
    /// The token came from the server itself; its signature is still being checked.
    Pending,
    Verified {
        key_id: String,
    },
    /// The token came from the server itself; this browser can't check its algorithm or key.
    Unsupported,
    /// The token is none of this server's for us: a wrong signature, key, issuer, kind or time. No gate opens on these.
    Failed,
}

impl Claims {
    /// The application's own claims type.
    ///
    /// # Errors
    /// `claims_mistyped`, which names the claim, when one is missing or has another type.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::from_value(&self.all).map_err(|problem| {
            Error::application("claims_mistyped", format!("The claims do not have the expected shape: {problem}."))
        })
    }

    /// Where one of the claims comes from, by our word for it (`roles`) or its own name (`iss`). What the token does not
    /// hold itself came beside it: from the server, over its own connection, and no signature vouches for it.
    pub fn provenance_of(&self, claim: &str) -> Provenance {
        let provenance = self.provenance.clone();
        if self.beside.contains(&claim) {
            return Provenance { source: Source::TokenEndpoint, verification: Verification::FromServer, ..provenance };
        }
        provenance
    }

    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.iter().any(|held| held == scope)
    }

    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions.iter().any(|held| held == permission)
    }

    /// Reads the claims object of an answer or a token.
    ///
    /// # Errors
    /// The name of a claim that is missing or has the wrong type (C17).
    pub(crate) fn read(all: Value, provenance: Provenance, map: &ClaimMap) -> Result<Self, String> {
        let subject = map::text(&all, &["sub".into()])?.filter(|sub| !sub.is_empty()).ok_or("sub is missing")?;
        let authenticated_at = match all.member("auth_time") {
            None => None,
            Some(value) => Some(value.as_number().ok_or("auth_time is not a number")? as i64),
        };
        if all.member("amr").is_some_and(|methods| !matches!(methods, Value::List(_))) {
            return Err("amr is not a list of strings".to_owned());
        }
        Ok(Self {
            subject,
            username: map::text(&all, &map.username)?,
            name: map::text(&all, &map.name)?,
            email: map::text(&all, &map.email)?,
            roles: map::texts(&all, &map.roles, map::one)?,
            scope: map::texts(&all, &map.scope, map::words)?,
            permissions: map::texts(&all, &map.permissions, map::words)?,
            assurance: map::text(&all, &["acr".into()])?,
            methods: map::texts(&all, &["amr".into()], map::one)?,
            authenticated_at,
            all,
            beside: Vec::new(),
            provenance,
            token_header: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, map: &ClaimMap) -> Result<Claims, String> {
        let provenance = Provenance {
            source: Source::AccessToken,
            received_at: 0,
            server_time: 0,
            verification: Verification::Pending,
        };
        Claims::read(json::parse(text.as_bytes()).unwrap(), provenance, map)
    }

    #[test]
    fn the_standard_set_is_read_and_a_wrong_type_is_named() {
        let claims = read(
            r#"{"sub":"u","email":"a@b","roles":["admin"],"scope":"a  b","permissions":["p"],
            "acr":"urn:mfa","amr":["pwd","otp"],"auth_time":1790000000.5}"#,
            &ClaimMap::standard(),
        )
        .unwrap();
        assert_eq!((claims.roles, claims.scope), (vec!["admin".to_owned()], vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((claims.assurance.as_deref(), claims.authenticated_at), (Some("urn:mfa"), Some(1_790_000_000)));
        assert_eq!(claims.methods, ["pwd", "otp"]);
        for (text, name) in [
            (r#"{}"#, "sub is missing"),
            (r#"{"sub":1}"#, "sub is not a string"),
            (r#"{"sub":"u","roles":{"a":1}}"#, "roles is not a list of strings"),
            (r#"{"sub":"u","roles":["a",1]}"#, "roles is not a list of strings"),
            (r#"{"sub":"u","auth_time":"1790000000"}"#, "auth_time is not a number"),
            (r#"{"sub":"u","amr":"pwd"}"#, "amr is not a list of strings"),
        ] {
            assert_eq!(read(text, &ClaimMap::standard()).unwrap_err(), name);
        }
    }

    #[test]
    fn an_application_s_own_type_is_read_and_what_is_wrong_with_it_is_named() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct Own {
            sub: String,
            tenant: Tenant,
        }
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct Tenant {
            id: u32,
        }
        let own = |text: &str| read(text, &ClaimMap::standard()).unwrap().typed::<Own>();
        let expected = Own { sub: "u".into(), tenant: Tenant { id: 7 } };
        assert_eq!(own(r#"{"sub":"u","tenant":{"id":7},"more":[]}"#), Ok(expected));
        for (text, name) in [
            (r#"{"sub":"u"}"#, "`tenant`"),
            (r#"{"sub":"u","tenant":{"id":"7"}}"#, "tenant.id: "),
            (r#"{"sub":"u","tenant":{"id":-1}}"#, "tenant.id: "),
            (r#"{"sub":"u","tenant":null}"#, "tenant: "),
        ] {
            let error = own(text).unwrap_err();
            assert_eq!(error.code, "claims_mistyped");
            assert!(error.message.contains(name), "{}", error.message);
        }
    }

    #[test]
    fn each_provider_s_shape_is_data() {
        let roles = |text: &str, map: &ClaimMap| read(text, map).unwrap().roles;
        let keycloak =
            r#"{"sub":"u","realm_access":{"roles":["a","b"]},"resource_access":{"app":{"roles":["b","c"]}}}"#;
        assert_eq!(roles(keycloak, &ClaimMap::keycloak("app")), ["a", "b", "c"]);
        assert_eq!(roles(r#"{"sub":"u","https://x.test/roles":["a"]}"#, &ClaimMap::auth0("https://x.test/")), ["a"]);
        let logto = r#"{"sub":"u","roles":["a"],"organization_roles":["org1:b"]}"#;
        assert_eq!(roles(logto, &ClaimMap::logto()), ["a", "org1:b"]);
        let cognito = read(r#"{"sub":"u","cognito:groups":["a"],"username":"x"}"#, &ClaimMap::cognito()).unwrap();
        assert_eq!((cognito.roles.as_slice(), cognito.username.as_deref()), (&["a".to_owned()][..], Some("x")));
        let entra = read(r#"{"sub":"u","roles":["a"],"scp":"User.Read Mail.Send"}"#, &ClaimMap::entra()).unwrap();
        assert_eq!(entra.scope, ["User.Read", "Mail.Send"]);
        let wrong = read(
            r#"{"sub":"u","realm_access":{"roles":"a","x":1},"resource_access":{"app":{"roles":1}}}"#,
            &ClaimMap::keycloak("app"),
        );
        assert_eq!(wrong.unwrap_err(), "resource_access.app.roles is not a list of strings");
    }

    #[test]
    fn c17_what_should_lead_to_a_claim_and_is_no_object_is_an_error() {
        for (text, name) in [
            (r#"{"sub":"u","realm_access":["admin"]}"#, "realm_access is not an object"),
            (r#"{"sub":"u","realm_access":null}"#, "realm_access is not an object"),
            (r#"{"sub":"u","resource_access":{"app":"x"}}"#, "resource_access.app is not an object"),
        ] {
            assert_eq!(read(text, &ClaimMap::keycloak("app")).unwrap_err(), name);
        }
        let username = ClaimMap { username: vec![Place::new(["user", "name"])], ..ClaimMap::standard() };
        assert_eq!(read(r#"{"sub":"u","user":"x"}"#, &username).unwrap_err(), "user is not an object");
        assert!(read(r#"{"sub":"u","resource_access":{"other":1}}"#, &ClaimMap::keycloak("app")).is_ok());
    }

    #[test]
    fn a_map_is_read_from_data() {
        let map = |text: &str| ClaimMap::read(&json::parse(text.as_bytes()).unwrap());
        let keycloak = r#"{"roles":[["realm_access","roles"],["resource_access","app","roles"]]}"#;
        assert_eq!(map(keycloak), Ok(ClaimMap::keycloak("app")));
        let entra = r#"{"username":["preferred_username"],"scope":["scp"]}"#;
        assert_eq!((map(entra), map("{}")), (Ok(ClaimMap::entra()), Ok(ClaimMap::standard())));
        for (text, problem) in [
            ("[]", "it is no object"),
            (r#"{"role":["x"]}"#, "role is none of username, name, email, roles, scope and permissions"),
            (r#"{"roles":"x"}"#, "roles has no list of places"),
            (r#"{"roles":[1]}"#, "roles has no list of places"),
            (r#"{"roles":[[]]}"#, "roles has no list of places"),
            (r#"{"roles":[["a",{}]]}"#, "roles has no list of places"),
        ] {
            assert_eq!(map(text).unwrap_err(), problem, "{text}");
        }
    }
}
