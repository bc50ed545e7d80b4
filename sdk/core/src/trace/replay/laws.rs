//! Is what was written enough to do the same again, and is it noticed where it is not?

use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;

use crate::claims::ClaimMap;
use crate::config::{Config, FlowKind};
use crate::effect::Effect;
use crate::input::{Input, LockOutcome, ReadOutcome, Response, Stored, SwapOutcome};
use crate::json::{self, Value};
use crate::machine::Machine;
use crate::time::Moment;
use crate::trace::line::{Line, Printer, Tokens};
use crate::trace::names::Names;
use crate::trace::replay::{Failure, Replay, Replayed};
use crate::trace::rules::Rule;
use crate::trace::vocabulary;

fn config() -> Config {
    let config = Config::new(FlowKind::Token, "https://app.test", "https://auth.test");
    Config { claim_map: ClaimMap::keycloak("shop"), ..config }
}

/// What is left of a configuration, and of a document that came under it.
fn redacted(config: &Config, document: &Value) -> (Value, Value) {
    let mut names = Names::default();
    let mut codes = Vec::new();
    let mut line = Line { codes: &mut codes, config, names: &mut names, tokens: Tokens::Whole };
    line.begin_list();
    line.config(config);
    line.write(Rule::Members, document, 0);
    line.close();
    let mut printer = Printer::after(String::new());
    printer.print(&codes);
    match json::parse(printer.text.as_bytes()).unwrap() {
        Value::List(both) => <[Value; 2]>::try_from(both).unwrap().into(),
        _ => unreachable!("a list was written"),
    }
}

fn token(claims: &Value, signature: &str) -> String {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}.{signature}", part(r#"{"alg":"ES256","typ":"AT+JWT","kid":"k1"}"#), part(&json::print(claims)))
}

const KNOWN: &[&str] =
    &["", "admin", "reports:read write", "<key-7>", "ES256", "300", "1.5", "AQAB", "bob@example.com", "a b@c"];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(KNOWN).prop_map(str::to_owned), any::<String>()]
}

/// Documents of members that there are rules for, and of others.
fn documents() -> impl Strategy<Value = Value> {
    let others = ["realm_access", "shop", "unknown"];
    let members: Vec<&str> = vocabulary::members().chain(others).collect();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        texts().prop_map(Value::Text),
        (texts(), "[A-Za-z0-9_-]{0,8}").prop_map(|(text, signature)| {
            Value::Text(token(&json::object([("sub", text.as_str().into()), ("roles", "a".into())]), &signature))
        }),
    ];
    leaf.prop_recursive(5, 48, 8, move |inner| {
        let member = proptest::sample::select(members.clone());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            prop::collection::btree_map(member, inner, 0..8).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    /// So a machine that runs a trace again calls everything by the names that it has there.
    #[test]
    fn what_is_redacted_stays_the_same_when_it_is_redacted_again(document in documents()) {
        let (config, once) = redacted(&config(), &document);
        let again = redacted(&super::config::read(&config).unwrap(), &super::input::with_tokens(&once));
        prop_assert_eq!(again, (config, once));
    }

    #[test]
    fn c30_no_document_makes_the_reader_trap(document in documents()) {
        let text = json::print(&json::object([("countersign_trace", 1.into()), ("parts", document.clone())]));
        prop_assert!(Replay::read(&text).is_err());
        let step = json::object([("at", 0.into()), ("clock", 0.into()), ("chance", 0.into()), ("input", document)]);
        prop_assert!(Replay::read(&with_step(&json::print(&step))).unwrap().run().is_err());
    }
}

/// A trace of a session that ended at once, and one step more.
fn with_step(step: &str) -> String {
    let whole = Tab::new().machine.trace().unwrap();
    whole.replace("\n]}]}", &format!(",\n{step}\n]}}]}}"))
}

/// One tab, answered by hand.
struct Tab {
    machine: Machine,
    now: u64,
    effects: Vec<Effect>,
}

impl Tab {
    /// Loaded, and about to write down that a renewal goes out.
    fn new() -> Self {
        let mut tab = Self { machine: Machine::new(config()), now: 1_000, effects: Vec::new() };
        tab.feed(Input::Started);
        let Some(Effect::Lock { stamp, .. }) = tab.effects.pop() else { panic!("{:?}", tab.effects) };
        tab.feed(Input::Lock { stamp, outcome: LockOutcome::Granted });
        tab
    }

    fn feed(&mut self, input: Input) {
        self.now += 10;
        let moment = Moment { wall: 1_790_000_000_000 + self.now.cast_signed(), monotonic: self.now, random: [9; 32] };
        self.machine.handle(moment, input);
        self.effects = std::iter::from_fn(|| self.machine.poll_effect()).collect();
    }

    fn read(&mut self, outcome: ReadOutcome) {
        let Some(Effect::Read { stamp }) = self.effects.pop() else { panic!("{:?}", self.effects) };
        self.feed(Input::Record { stamp, outcome });
    }

    /// Gives what was to be written.
    fn swap(&mut self, outcome: SwapOutcome) -> Stored {
        let Some(Effect::Swap { stamp, revision, text, .. }) = self.effects.pop() else { panic!("{:?}", self.effects) };
        self.feed(Input::Swap { stamp, outcome });
        Stored { revision, text, kept: None }
    }

    fn answer(&mut self, status: u16, body: &str) {
        let Some(Effect::Http { stamp, .. }) = self.effects.pop() else { panic!("{:?}", self.effects) };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        self.feed(Input::Http { stamp, outcome: Ok(Response { status, headers, body: body.as_bytes().to_vec() }) });
    }
}

fn replayed(trace: &str) -> Result<Replayed, Failure> {
    Replay::read(trace).map_err(Failure::NotATrace)?.run()
}

#[test]
fn a_machine_that_finds_its_own_key_in_storage_knows_it_again() {
    let mut tab = Tab::new();
    tab.read(ReadOutcome::Nothing);
    let written = tab.swap(SwapOutcome::TimedOut);
    assert!(written.text.contains(&"09".repeat(16)), "the key is in the record");
    tab.read(ReadOutcome::Found(written));
    tab.answer(400, r#"{"error":"invalid_grant","reason":"no_credential"}"#);
    tab.swap(SwapOutcome::Swapped);
    assert!(tab.machine.snapshot().state == crate::State::SignedOut { reason: crate::Reason::NoCredential });
    let trace = tab.machine.trace().unwrap();
    assert_eq!(replayed(&trace), Ok(Replayed { steps: 7, skipped: 0 }), "{trace}");
}

#[test]
fn what_comes_out_otherwise_is_told_with_both_sides() {
    let mut tab = Tab::new();
    tab.read(ReadOutcome::Nothing);
    tab.swap(SwapOutcome::Swapped);
    tab.answer(503, "{}");
    let trace = tab.machine.trace().unwrap();
    assert_eq!(replayed(&trace), Ok(Replayed { steps: 5, skipped: 0 }), "{trace}");
    for (from, to, step) in [
        (r#""status":503"#, r#""status":400"#, 5),
        (r#""wait":12000"#, r#""wait":12001"#, 1),
        (r#""outcome":"granted""#, r#""outcome":"refused""#, 2),
        (r#""code":"backs_off""#, r#""code":"ahead""#, 5),
        (r#""state":"unknown""#, r#""state":"signing_in""#, 1),
    ] {
        assert!(trace.contains(from), "{trace}");
        let failure = replayed(&trace.replace(from, to)).unwrap_err();
        let Failure::Differs(difference) = &failure else { panic!("{failure}") };
        assert_eq!(difference.step, step, "{from}");
        assert_ne!(difference.recorded, difference.replayed);
        let told = failure.to_string();
        assert!(told.contains("recorded: ") && told.contains("replayed: "), "{told}");
    }
}

#[test]
fn what_is_no_trace_says_what_is_wrong() {
    let trace = Tab::new().machine.trace().unwrap();
    for (from, to, problem) in [
        (r#"{"countersign_trace":1"#, r#"{"countersign_trace":2"#, "its format is 2"),
        (r#"{"countersign_trace":1,"#, "{", "countersign_trace is missing"),
        (r#""flow":"token""#, r#""flow":"carrier_pigeon""#, "flow is carrier_pigeon"),
        (r#""what":"lock","stamp":2,"outcome""#, r#""what":"lock","outcome""#, "stamp is missing"),
        (r#""what":"started""#, r#""what":"ended""#, "call is missing"),
        ("]}]}", "", "not acceptable JSON"),
    ] {
        let failure = replayed(&trace.replace(from, to)).unwrap_err().to_string();
        assert!(failure.contains(problem), "{failure}");
    }
}

#[test]
fn steps_whose_beginning_was_not_kept_are_skipped() {
    let trace = Tab::new().machine.trace().unwrap().replace(r#""begins":"fresh""#, r#""begins":"cut""#);
    assert_eq!(replayed(&trace), Ok(Replayed { steps: 0, skipped: 2 }));
}
