//! How is a trace told to people? A row for each step in which something was decided or shown, in plain sentences.

use crate::json::{self, Value};
use crate::state::Reason;
use crate::time::UnixMillis;
use crate::trace::Note;

/// One step that is worth telling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Happening {
    /// The number of its step, which grows from the page's load on.
    pub step: u64,
    /// When it was, by the device's clock.
    pub at: UnixMillis,
    /// What the client was told.
    pub what: String,
    /// What it decided, and why.
    pub why: Vec<String>,
    /// What the application sees since then, where that changed.
    pub shown: Option<String>,
}

/// The steps of a trace that are worth telling, oldest first; none if the text is no trace.
///
/// ```
/// # use countersign_core::{Config, FlowKind, Input, Machine, Moment, trace};
/// let mut machine = Machine::new(Config::new(FlowKind::Session, "https://app.test", "https://app.test"));
/// machine.handle(Moment { wall: 1_790_000_000_000, monotonic: 0, random: [0; 32] }, Input::Started);
/// let rows = trace::timeline(&machine.trace().unwrap()).unwrap();
/// assert_eq!(rows[0].what, "The page was loaded.");
/// ```
pub fn timeline(trace: &str) -> Option<Vec<Happening>> {
    let document = json::parse(trace.as_bytes()).ok()?;
    document.member("countersign_trace")?;
    let mut rows = Vec::new();
    for part in list(document.member("parts")) {
        let first = part.member("first").and_then(Value::as_integer).and_then(|first| u64::try_from(first).ok())?;
        let steps = (first..).zip(list(part.member("steps")));
        rows.extend(steps.filter_map(|(number, step)| Happening::read(number, step)));
    }
    Some(rows)
}

impl Happening {
    fn read(step: u64, written: &Value) -> Option<Self> {
        let input = written.member("input")?;
        let why: Vec<String> = list(written.member("why")).iter().filter_map(reason_why).collect();
        let shown = written.member("shown").map(shown);
        let is_told = !why.is_empty() || shown.is_some();
        is_told.then(|| Self { step, at: number(written, "at"), what: what(input), why, shown })
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn word<'a>(of: &'a Value, name: &str) -> &'a str {
    of.member(name).and_then(Value::as_text).unwrap_or_default()
}

fn number(of: &Value, name: &str) -> i64 {
    of.member(name).and_then(Value::as_integer).unwrap_or(0)
}

fn reason_why(note: &Value) -> Option<String> {
    let (code, millis, word) = (word(note, "code"), number(note, "millis"), word(note, "word"));
    let note = Note::ALL.iter().find(|known| known.code() == code)?;
    let inserted = if word.is_empty() { span(millis) } else { word.replace('_', " ") };
    Some(note.sentence().replace("{}", &inserted))
}

fn span(millis: i64) -> String {
    match millis {
        ..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
        _ => format!("{} h {} min", millis / 3_600_000, millis % 3_600_000 / 60_000),
    }
}

fn what(input: &Value) -> String {
    let outcome = word(input, "outcome");
    match word(input, "what") {
        "started" => "The page was loaded.",
        "woke" => "A timer ran out.",
        "sign_in" => "The user asked to sign in.",
        "sign_out" => "The user asked to sign out.",
        "stay" => "The user wants to stay signed in.",
        "check" => "The application asked for a check.",
        "ask" => "The application has a request to send.",
        "answered" => return format!("A request of the application was answered with {}.", number(input, "status")),
        "dropped" => "The application gave a call up.",
        "access_token" => "The application asked for the access token.",
        "sessions" => "The application asked for the list of sessions.",
        "revoke_one" => "The user ended a session.",
        "revoke_others" => "The user ended all other sessions.",
        "revoke_all" => "The user ended all sessions.",
        "http" => return http(input),
        "record" if outcome.is_empty() => "The shared record was read.",
        "record" => return format!("The shared record was asked for: {}.", outcome.replace('_', " ")),
        "swap" if outcome == "swapped" => "The shared record was written.",
        "swap" if outcome == "timed_out" => "The shared record was not written in time.",
        "swap" if outcome == "refused" => "The shared record could not be written.",
        "swap" => "Another tab had written the shared record first.",
        "recalled" => "What this tab had kept was looked for.",
        "lock" if outcome == "granted" => "The lock between tabs was granted.",
        "lock" => "The lock between tabs was not granted.",
        "leading" => "This tab leads: it holds the event stream.",
        "tab" => "Another tab spoke.",
        "stream" => return stream(input),
        "verified" => return format!("A signature was checked: {outcome}."),
        "page" => page(word(input, "news")),
        other => return format!("Something that is not known here: {other}."),
    }
    .to_owned()
}

fn http(input: &Value) -> String {
    match word(input, "failed") {
        "" => format!("The server answered with {}.", number(input, "status")),
        "deadline" => "The server did not answer in time.".to_owned(),
        "aborted" => "A request was given up.".to_owned(),
        _ => "The server could not be reached.".to_owned(),
    }
}

fn stream(input: &Value) -> String {
    if input.member("closed").is_some() {
        return "The event stream ended.".to_owned();
    }
    if input.member("opened").is_some() {
        return format!("The event stream was answered with {}.", number(input, "opened"));
    }
    let names: Vec<&str> = list(input.member("events")).iter().map(|event| word(event, "name")).collect();
    format!(
        "The event stream brought {}.",
        if names.is_empty() { "nothing whole".to_owned() } else { names.join(", ") }
    )
}

fn page(news: &str) -> &'static str {
    match news {
        "visible" => "The page came to the front.",
        "hidden" => "The page went to the back.",
        "shown" => "The page was shown again.",
        "leaving" => "The page was left.",
        "online" => "The network is back.",
        "offline" => "The network is gone.",
        _ => "The user pressed a key or moved a pointer.",
    }
}

fn shown(shown: &Value) -> String {
    let mut sentence = match word(shown, "state") {
        "signed_out" => {
            let revoked_by = shown.member("revoked_by").and_then(Value::as_text);
            Reason::from_code(word(shown, "reason"), revoked_by).sentence().to_owned()
        }
        "signed_in" => match word(shown, "standing") {
            "renewing" => "Signed in, and the server is being asked.".to_owned(),
            "unverified" => "Signed in, but what is shown may be out of date.".to_owned(),
            "step_up_required" => "Signed in, but a fresh sign-in is asked for.".to_owned(),
            _ => format!("Signed in; {}.", claims(word(shown, "verification"))),
        },
        "signing_in" => "Signing in.".to_owned(),
        _ => "Not known yet.".to_owned(),
    };
    if !word(shown, "problem").is_empty() {
        sentence.push_str(&format!(" Problem: {}.", word(shown, "problem")));
    }
    sentence
}

/// Who vouches for the claims.
fn claims(verification: &str) -> &'static str {
    match verification {
        "pending" => "the signature of the claims is being checked",
        "verified" => "a signature vouches for the claims",
        "failed" => "the token is none of this server's for us, and opens nothing",
        "unsupported" => "this browser can't check the signature",
        _ => "the server itself vouches for the claims",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(step: &str) -> Vec<Happening> {
        let trace = format!(r#"{{"countersign_trace":1,"parts":[{{"first":7,"begins":"cut","steps":[{step}]}}]}}"#);
        timeline(&trace).unwrap()
    }

    #[test]
    fn a_step_is_told_in_sentences() {
        let told = rows(
            r#"{"at":5,"input":{"what":"http","status":503},"why":[{"code":"backs_off","millis":1500}],
            "shown":{"state":"signed_in","standing":"unverified","problem":"server_busy"}},
            {"at":6,"input":{"what":"verified","outcome":"right"},"why":[{"code":"ended","word":"reuse_suspected"}],
            "shown":{"state":"signed_out","reason":"revoked","revoked_by":"admin"}}"#,
        );
        assert_eq!((told[0].step, told[0].at, told[0].what.as_str()), (7, 5, "The server answered with 503."));
        let backs_off = "There was no verdict, so the session stays as it was; the next attempt comes in 1.5 s.";
        assert_eq!(told[0].why, [backs_off]);
        let shown = "Signed in, but what is shown may be out of date. Problem: server_busy.";
        assert_eq!(told[0].shown.as_deref(), Some(shown));
        assert_eq!((told[1].step, told[1].why[0].as_str()), (8, "The session ended: reuse suspected."));
        assert_eq!(told[1].shown.as_deref(), Some("An administrator ended this session."));
    }

    #[test]
    fn a_step_in_which_nothing_was_decided_is_not_told() {
        assert_eq!(rows(r#"{"at":5,"input":{"what":"woke"}}"#), []);
    }

    #[test]
    fn c30_what_is_no_trace_is_none_and_no_trap() {
        for text in ["", "{", "[]", "{}", r#"{"countersign_trace":1,"parts":[{}]}"#] {
            assert_eq!(timeline(text), None, "{text}");
        }
        assert_eq!(rows(r#"{},1,{"input":{},"why":[{"code":"x"},1]}"#), []);
    }

    #[test]
    fn every_note_has_its_own_word_and_a_sentence() {
        for note in Note::ALL {
            let namesakes = Note::ALL.iter().filter(|other| other.code() == note.code()).count();
            assert_eq!(namesakes, 1, "{}", note.code());
            assert!(note.sentence().ends_with('.'), "{}", note.code());
        }
    }
}
