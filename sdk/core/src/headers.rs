//! What do the headers of an answer ask for? `Retry-After` and `WWW-Authenticate`, whatever a server writes there.

use crate::input::Response;
use crate::time::{UnixMillis, http_date};

/// Nobody waits longer than this because a server says so.
const LONGEST_WAIT: u32 = 3600;

/// More parameters than this in a challenge are not looked at.
const MOST_PARAMETERS: usize = 64;

/// What a refused request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A new credential, once (RFC 6750 §3.1).
    Renew,
    /// Nothing helps: the credential is good, and the right is missing.
    Forbidden,
    /// A stronger or fresher authentication (RFC 9470 §3).
    StepUp { acr_values: Option<String>, max_age: Option<u64> },
    /// The same request with the server's nonce (RFC 9449 §9).
    Nonce,
    /// The challenge is not about a credential of ours, or about its form.
    Nothing,
}

/// `Retry-After` in whole seconds, at most an hour (RFC 9110 §10.2.3). A date needs the server's own clock beside it;
/// what is malformed counts as absent.
pub fn retry_after(value: &str, server_time: Option<UnixMillis>) -> Option<u32> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().unwrap_or(u32::MAX).min(LONGEST_WAIT));
    }
    let wait = http_date(value)?.saturating_sub(server_time?).max(0) / 1000;
    Some(u32::try_from(wait).unwrap_or(u32::MAX).min(LONGEST_WAIT))
}

/// How long the server wants to be left alone, in seconds, where it says so.
pub(crate) fn wait_asked_for(response: &Response) -> Option<u32> {
    let server_time = response.header("date").and_then(http_date);
    retry_after(response.header("retry-after")?, server_time)
}

/// What a 401 or 403 with this `WWW-Authenticate` needs. A cross-origin 401 may show none, and then blames the token.
pub fn remedy(status: u16, challenge: Option<&str>) -> Remedy {
    let ours = challenge.map(challenges).unwrap_or_default();
    let ours = ours.iter().find(|one| one.is("Bearer") || one.is("DPoP"));
    match (status, ours, challenge) {
        (401 | 403, Some(challenge), _) => challenge.remedy(status),
        (403, None, _) => Remedy::Forbidden,
        (401, None, None) => Remedy::Renew,
        _ => Remedy::Nothing,
    }
}

/// One challenge (RFC 9110 §11.6.1).
struct Challenge<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Challenge<'_> {
    fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// Of a parameter that is there twice the first counts.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn remedy(&self, status: u16) -> Remedy {
        match (status, self.parameter("error")) {
            (_, Some("insufficient_user_authentication")) => Remedy::StepUp {
                acr_values: self.parameter("acr_values").map(str::to_owned),
                max_age: self.parameter("max_age").and_then(|age| age.parse().ok()),
            },
            (_, Some("insufficient_scope")) | (403, _) => Remedy::Forbidden,
            (_, Some("use_dpop_nonce")) => Remedy::Nonce,
            (_, Some("invalid_request")) => Remedy::Nothing,
            _ => Remedy::Renew,
        }
    }
}

/// Reads all challenges; stops at what can't be one.
fn challenges(text: &str) -> Vec<Challenge<'_>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    let mut rest = text;
    for _ in 0..MOST_PARAMETERS {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = rest.split_at(rest.bytes().position(|byte| !is_token(byte)).unwrap_or(rest.len()));
        if word.is_empty() {
            break;
        }
        let is_parameter = after.trim_start_matches([' ', '\t']).strip_prefix('=');
        match (is_parameter, challenges.last_mut()) {
            (Some(value), Some(challenge)) => {
                let Some((value, after)) = parameter_value(value.trim_start_matches([' ', '\t'])) else { break };
                challenge.parameters.push((word, value));
                rest = after;
            }
            (Some(_), None) => break,
            (None, _) => {
                challenges.push(Challenge { scheme: word, parameters: Vec::new() });
                rest = after;
            }
        }
    }
    challenges
}

/// A token or a quoted string, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_token(byte)).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..])).filter(|(value, _)| !value.is_empty());
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c22_a_wait_is_honoured_up_to_an_hour_and_nonsense_is_not() {
        assert_eq!(retry_after("120", None), Some(120));
        assert_eq!(retry_after(" 0 ", None), Some(0));
        assert_eq!(retry_after("99999999999999999999", None), Some(LONGEST_WAIT));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after(date, Some(784_111_777_000 - 90_000)), Some(90));
        assert_eq!(retry_after(date, Some(784_111_777_000 + 90_000)), Some(0));
        assert_eq!(retry_after(date, None), None);
        for bad in ["", "-1", "+5", "1.5", "0x10", "soon", "\u{665}", "5, 5"] {
            assert_eq!(retry_after(bad, Some(0)), None, "{bad}");
        }
    }

    #[test]
    fn c06_a_challenge_says_whether_a_new_token_helps() {
        let of = |challenge| remedy(401, Some(challenge));
        assert_eq!(of(r#"Bearer error="invalid_token""#), Remedy::Renew);
        assert_eq!(of("bearer"), Remedy::Renew);
        assert_eq!(of(r#"Basic realm="a, Bearer", Bearer error=invalid_token"#), Remedy::Renew);
        assert_eq!(of(r#"Bearer error="invalid_token", error_description="insufficient_scope""#), Remedy::Renew);
        assert_eq!(of(r#"Bearer error="insufficient_scope", scope="a b""#), Remedy::Forbidden);
        assert_eq!(of(r#"Basic realm="Bearer error=\"invalid_token\"""#), Remedy::Nothing);
        assert_eq!(of(r#"DPoP error="use_dpop_nonce""#), Remedy::Nonce);
        assert_eq!(remedy(401, None), Remedy::Renew);
        assert_eq!(remedy(403, Some("Bearer error=\"invalid_token\"")), Remedy::Forbidden);
    }

    #[test]
    fn c35_a_step_up_says_what_is_wanted() {
        let challenge = r#"Bearer error="insufficient_user_authentication", acr_values="urn:mfa", max_age="5""#;
        let wanted = Remedy::StepUp { acr_values: Some("urn:mfa".into()), max_age: Some(5) };
        assert_eq!(remedy(401, Some(challenge)), wanted);
    }

    #[test]
    fn c30_a_malformed_challenge_is_no_trap() {
        for text in ["", ",", "=", "Bearer =", "Bearer error=\"", "Bearer error=\"\\", "é", "Bearer é=1", "Bearer a==b"]
        {
            remedy(401, Some(text));
        }
    }
}
