//! Rotation against a model, in every style: a browser, its late copies, a thief and a moving clock, in thousands of random
//! orders.

use serde_json::json;

use crate::support::{Browser, Dice, Server};

/// What the protocol's text says, and nothing of how the server does it.
struct Model {
    style: Style,
    /// The secrets in order; the last one is the newest.
    tokens: Vec<Token>,
    now: i64,
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    None,
    Strict,
    RetryWindow,
    Parent,
}

const STYLES: [Style; 4] = [Style::None, Style::Strict, Style::RetryWindow, Style::Parent];

struct Token {
    value: String,
    superseded: Option<Superseded>,
}

/// When the successor was made, and with which key, in the one style that knows keys.
struct Superseded {
    at: i64,
    key: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Expected {
    /// A successor of the token of that number: a new one or the one that is there.
    Successor(usize),
    /// No successor: what was presented stays.
    Kept,
    Refused(&'static str),
}

impl Style {
    fn word(self) -> &'static str {
        match self {
            Style::None => "none",
            Style::Strict => "strict",
            Style::RetryWindow => "retry_window",
            Style::Parent => "parent_valid_until_child_used",
        }
    }
}

impl Model {
    fn present(&mut self, number: usize, key: Option<&str>, last_key: Option<&str>) -> Expected {
        if self.over {
            return Expected::Refused("reuse_suspected");
        }
        let outcome = match self.style {
            Style::None if self.is_newest(number) => Some(Expected::Kept),
            Style::None => None,
            Style::Strict => self.is_newest(number).then(|| self.supersede(number, None)),
            Style::RetryWindow => self.present_by_attempt(number, key, last_key),
            Style::Parent if self.is_newest(number) => Some(self.supersede(number, None)),
            Style::Parent => {
                let is_unused = self.is_newest(number + 1);
                let is_made_without = self.tokens[number].superseded.as_ref().is_some_and(|made| made.key.is_none());
                let can_be_made_again = is_made_without || self.is_made_by(number, key);
                (is_unused && can_be_made_again).then_some(Expected::Successor(number))
            }
        };
        outcome.unwrap_or_else(|| {
            self.over = true;
            Expected::Refused("reuse_suspected")
        })
    }

    fn present_by_attempt(&mut self, number: usize, key: Option<&str>, last_key: Option<&str>) -> Option<Expected> {
        let number = (number..).find(|number| !self.is_made_by(*number, last_key))?;
        if self.is_newest(number) {
            return Some(self.supersede(number, key));
        }
        if !self.is_made_by(number, key) {
            return None;
        }
        let last = (number..).find(|number| !self.is_made_by(number + 1, key))?;
        let made_at = self.tokens[last].superseded.as_ref()?.at;
        match (self.is_newest(last + 1), self.now - made_at <= 60) {
            (true, true) => Some(Expected::Successor(last)),
            (true, false) if last == number => None,
            _ => Some(Expected::Refused("superseded")),
        }
    }

    fn supersede(&mut self, number: usize, key: Option<&str>) -> Expected {
        self.tokens[number].superseded = Some(Superseded { at: self.now, key: key.map(str::to_owned) });
        Expected::Successor(number)
    }

    fn is_newest(&self, number: usize) -> bool {
        number + 1 == self.tokens.len()
    }

    fn is_made_by(&self, number: usize, key: Option<&str>) -> bool {
        let made = self.tokens[number].superseded.as_ref();
        key.is_some() && made.is_some_and(|made| made.key.as_deref() == key)
    }
}

#[tokio::test]
async fn s01_s02_s03_s05_a_retry_window_agrees_with_the_model() {
    walk(60, |_| Style::RetryWindow, 100).await;
}

#[tokio::test]
async fn s01_s02_s05_strict_rotation_agrees_with_the_model() {
    walk(40, |_| Style::Strict, 3_000).await;
}

#[tokio::test]
async fn s01_s02_s05_a_parent_valid_until_its_child_was_used_agrees_with_the_model() {
    walk(40, |_| Style::Parent, 1_000).await;
}

#[tokio::test]
async fn s05_tokens_that_stay_agree_with_the_model() {
    for seed in 1..=10 {
        assert!(!run(seed, |_| Style::None, 100).await, "nothing is superseded, so nothing is reused");
    }
}

#[tokio::test]
async fn s01_s02_s05_styles_that_change_under_a_lineage_agree_with_the_model() {
    walk(60, |dice| STYLES[dice.roll(STYLES.len())], 2_000).await;
}

/// The walks are worth something only if they meet both: lineages that live and lineages that end.
async fn walk(seeds: u64, style: impl Fn(&mut Dice) -> Style, calm: usize) {
    let mut endings = 0;
    for seed in 1..=seeds {
        endings += u64::from(run(seed, &style, calm).await);
    }
    assert!((seeds / 6..seeds - seeds / 6).contains(&endings), "{endings} of {seeds}");
}

/// True if the lineage ended on the way. `calm` is 100 where an old token may be asked for often, more where that is deadly.
async fn run(seed: u64, style: impl Fn(&mut Dice) -> Style, calm: usize) -> bool {
    let mut dice = Dice::new(seed);
    let server = Server::start().await;
    let mut tab = server.tokens_of("alice").await;
    let first = Token { value: tab.refresh.clone().unwrap(), superseded: None };
    let mut model = Model { style: Style::RetryWindow, tokens: vec![first], now: 0, over: false };
    for step in 0..30 {
        if dice.roll(6) == 0 {
            let seconds = i64::try_from(dice.roll(50)).unwrap();
            model.now += seconds;
            server.pass(seconds as f64).await;
        }
        let wanted = style(&mut dice);
        if wanted != model.style {
            let answer = server.control("PUT", "rotation", json!({"style": wanted.word()})).await;
            assert_eq!(answer.json(), json!({"style": wanted.word(), "clients": {}}));
            model.style = wanted;
        }
        let newest = model.tokens.len() - 1;
        let own_key = |number: usize| model.tokens[number].superseded.as_ref().and_then(|made| made.key.clone());
        let new_key = Some(format!("a-key-of-the-browser-{step}"));
        let (number, key, last_key) = match dice.roll(calm) {
            // A thief, who has an old token or the newest, and no key.
            0..=2 => (dice.roll(newest + 1), None, None),
            3..=5 => (dice.roll(newest + 1), Some(format!("a-key-of-the-thief-{step}")), None),
            // The browser asks again, perhaps too late.
            6..=25 if newest > 0 => (newest - 1, own_key(newest - 1), None),
            // Its answer was lost, and the cookie was not.
            26..=35 if newest > 0 => (newest, own_key(newest - 1), None),
            // A copy that was long on its way.
            36..=45 if newest > 1 => {
                let number = dice.roll(newest - 1);
                (number, own_key(number), None)
            }
            // A cookie that fell back.
            46..=55 if newest > 0 => (newest - 1, new_key, own_key(newest - 1)),
            56..=60 if newest > 1 => (newest - 2, new_key, own_key(newest - 1)),
            _ => (newest, new_key, None),
        };
        let expected = model.present(number, key.as_deref(), last_key.as_deref());
        let got = present(&mut tab, &model, number, key.as_deref(), last_key.as_deref()).await;
        check(&mut model, &expected, number, got, &format!("seed {seed}, step {step}"));
    }
    model.over
}

/// Gives the refresh token that the browser then holds, or the reason of the refusal.
async fn present(
    tab: &mut Browser,
    model: &Model,
    number: usize,
    key: Option<&str>,
    last_key: Option<&str>,
) -> Result<String, String> {
    tab.refresh = Some(model.tokens[number].value.clone());
    let parameter = |name: &str, value: Option<&str>| value.map(|value| format!("&{name}={value}")).unwrap_or_default();
    let more = parameter("attempt_key", key) + &parameter("last_attempt_key", last_key) + "&idle_for=0";
    let answer = tab.renew(&more).await;
    if answer.status != 200 {
        return Err(answer.reason());
    }
    assert_eq!(answer.json()["session_expires_in"], 43_200 - model.now, "the absolute end never moves");
    let announced = answer.json().get("refresh_retry_for").cloned();
    assert_eq!(announced, (model.style == Style::RetryWindow).then(|| json!(60)));
    Ok(tab.refresh.clone().unwrap())
}

fn check(model: &mut Model, expected: &Expected, presented: usize, got: Result<String, String>, place: &str) {
    match (expected, got) {
        (Expected::Refused(reason), Err(got)) => assert_eq!(*reason, got, "{place}"),
        (Expected::Kept, Ok(got)) => assert_eq!(model.tokens[presented].value, got, "{place}"),
        (Expected::Successor(number), Ok(got)) => match model.tokens.get(number + 1) {
            Some(known) => assert_eq!(known.value, got, "{place}: never a second successor"),
            None => model.tokens.push(Token { value: got, superseded: None }),
        },
        (expected, got) => panic!("{place}: expected {expected:?}, got {got:?}"),
    }
}
