//! Where do providers put what we ask for? As data, so that another shape needs no code.

use crate::json::Value;

/// Where each of our words stands in a provider's claims. Each list is asked in order: the first name that is there
/// counts, and lists of rights are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMap {
    pub username: Vec<Place>,
    pub name: Vec<Place>,
    pub email: Vec<Place>,
    pub roles: Vec<Place>,
    pub scope: Vec<Place>,
    pub permissions: Vec<Place>,
}

/// The names of the members that lead to a value, from the outside in. Names are whole: dots in them mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Vec<String>);

impl Place {
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// How an error names it.
    pub fn name(&self) -> String {
        self.0.join(".")
    }

    fn read_all(list: &Value) -> Option<Vec<Self>> {
        let Value::List(places) = list else { return None };
        places.iter().map(Self::read).collect()
    }

    fn read(place: &Value) -> Option<Self> {
        match place {
            Value::Text(name) => Some(name.as_str().into()),
            Value::List(names) if !names.is_empty() => {
                let names: Option<Vec<&str>> = names.iter().map(Value::as_text).collect();
                names.map(Self::new)
            }
            _ => None,
        }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// What stands there; what should lead there and does not is an error and no absent claim (C17).
    fn find<'a>(&self, claims: &'a Value) -> Result<Option<&'a Value>, String> {
        let mut value = claims;
        for (depth, name) in self.0.iter().enumerate() {
            if !matches!(value, Value::Object(_)) {
                return Err(format!("{} is not an object", self.0[..depth].join(".")));
            }
            match value.member(name) {
                Some(inner) => value = inner,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }
}

impl From<&str> for Place {
    fn from(name: &str) -> Self {
        Self::new([name])
    }
}

impl ClaimMap {
    /// Registered names (RFC 7519, OpenID Connect Core §5.1, RFC 9068 §2.2.3), and those of `docs/protocol.md`.
    pub fn standard() -> Self {
        Self {
            username: vec!["username".into(), "preferred_username".into()],
            name: vec!["name".into()],
            email: vec!["email".into()],
            roles: vec!["roles".into()],
            scope: vec!["scope".into()],
            permissions: vec!["permissions".into()],
        }
    }

    /// Reads a map that is data itself: `{"roles": ["roles", ["realm_access", "roles"]], "scope": ["scp"]}`. Each of our
    /// words has a list of places; a place is the name of a member, or a list of the names that lead there from the
    /// outside in. A word that is left out stays as in [`ClaimMap::standard`].
    ///
    /// # Errors
    /// A sentence that names what is none of our words, or has no list of places.
    pub fn read(document: &Value) -> Result<Self, String> {
        let Value::Object(words) = document else { return Err("it is no object".to_owned()) };
        let mut map = Self::standard();
        for (word, list) in words {
            let places = match word.as_str() {
                "username" => &mut map.username,
                "name" => &mut map.name,
                "email" => &mut map.email,
                "roles" => &mut map.roles,
                "scope" => &mut map.scope,
                "permissions" => &mut map.permissions,
                _ => return Err(format!("{word} is none of username, name, email, roles, scope and permissions")),
            };
            *places = Place::read_all(list).ok_or_else(|| format!("{word} has no list of places"))?;
        }
        Ok(map)
    }

    /// Realm roles, and those of one client.
    pub fn keycloak(client: &str) -> Self {
        let roles = vec![Place::new(["realm_access", "roles"]), Place::new(["resource_access", client, "roles"])];
        Self { roles, ..Self::standard() }
    }

    /// Custom claims below a namespace such as `https://example.com/`; `permissions` where the API has RBAC on.
    pub fn auth0(namespace: &str) -> Self {
        let own = |name: &str| Place::from(format!("{namespace}{name}").as_str());
        Self {
            username: vec![own("username"), "nickname".into()],
            email: vec!["email".into(), own("email")],
            roles: vec![own("roles")],
            ..Self::standard()
        }
    }

    /// Roles of the user, and of the user in organizations (`organization:role`).
    pub fn logto() -> Self {
        Self { roles: vec!["roles".into(), "organization_roles".into()], ..Self::standard() }
    }

    /// Groups stand for roles.
    pub fn cognito() -> Self {
        Self {
            username: vec!["cognito:username".into(), "username".into()],
            roles: vec!["cognito:groups".into()],
            ..Self::standard()
        }
    }

    /// App roles, and delegated permissions in `scp`.
    pub fn entra() -> Self {
        Self { username: vec!["preferred_username".into()], scope: vec!["scp".into()], ..Self::standard() }
    }
}

impl Default for ClaimMap {
    fn default() -> Self {
        Self::standard()
    }
}

/// The first text of these places.
pub(super) fn text(claims: &Value, places: &[Place]) -> Result<Option<String>, String> {
    for place in places {
        match place.find(claims)? {
            None => {}
            Some(Value::Text(text)) => return Ok(Some(text.clone())),
            Some(_) => return Err(format!("{} is not a string", place.name())),
        }
    }
    Ok(None)
}

/// All texts of these places, each once: lists, or one text that is divided as `divide` says.
pub(super) fn texts(claims: &Value, places: &[Place], divide: fn(&str) -> Vec<&str>) -> Result<Vec<String>, String> {
    let mut found: Vec<String> = Vec::new();
    for place in places {
        let mistyped = || format!("{} is not a list of strings", place.name());
        let here: Vec<&str> = match place.find(claims)? {
            None => Vec::new(),
            Some(Value::Text(text)) => divide(text),
            Some(Value::List(items)) => items.iter().map(Value::as_text).collect::<Option<_>>().ok_or_else(mistyped)?,
            Some(_) => return Err(mistyped()),
        };
        for text in here {
            if !found.iter().any(|known| known == text) {
                found.push(text.to_owned());
            }
        }
    }
    Ok(found)
}

/// A scope is a list of words (RFC 6749 §3.3).
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

/// One text is one right.
pub(super) fn one(text: &str) -> Vec<&str> {
    vec![text]
}
