//! Which words stand in a trace in the clear? Our own, and the members of documents that there is a rule for. A step has
//! their places here, and not their letters.

use crate::trace::notes::Note;
use crate::trace::rules::Rule;

/// A word, by its place in the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub u16);

/// A word by its text. One that the vocabulary lacks does not compile.
macro_rules! word {
    ($text:literal) => {
        const { $crate::trace::Word::known($text) }
    };
}

pub(crate) use word;

macro_rules! vocabulary {
    ($($rule:expr => $words:literal;)*) => {
        /// One text, in which groups end with a sign of their own: that is less to carry than a list.
        const WORDS: &str = concat!($($words, " . "),*);
        const RULES: &[Option<Rule>] = &[$($rule),*];
    };
}

const END_OF_GROUP: &str = ".";

// First the members that a document from outside may have, each under the rule for its value.
vocabulary! {
    Some(Rule::Members) => "user claims session sessions sub_id keys answer";
    Some(Rule::Number) => "acted_at active_at auth_time back_off_until backed_off_at created_at ends_at ep \
        event_timestamp exp expires_at expires_in generation iat idle_ends_at idle_expires_in idle_for idle_lifetime \
        last_sent_at nbf prev received_at refresh_retry_for revision sent_at session_expires_in \
        sign_out_asked_at signed_in_at signed_out_at status";
    Some(Rule::Truth) => "current sent_unlocked";
    Some(Rule::Word) => "alg code crv ended error flow format grant_type initiating_entity key_ops kind kty reason \
        revoked_by use";
    Some(Rule::AnyCase) => "token_type typ";
    Some(Rule::Right) => "acr amr permissions roles scope";
    Some(Rule::Public) => "id sid sign_out_owed";
    Some(Rule::Name(word!("user"))) => "sub subject username preferred_username name email";
    Some(Rule::Name(word!("issuer"))) => "iss issuer";
    Some(Rule::Name(word!("client"))) => "aud azp client_id";
    Some(Rule::Name(word!("key"))) => "attempt_key last_attempt_key made_by";
    Some(Rule::Name(word!("kid"))) => "kid";
    Some(Rule::Name(word!("id"))) => "jti nonce txn";
    Some(Rule::Token) => "access_token set";
    Some(Rule::Secret) => "password refresh_token";
    Some(Rule::Present) => "b64 crit d k p q";
    Some(Rule::Material) => "n x y";
    Some(Rule::Events) => "events";
    // Members that well-known providers use. They say nothing of who uses the provider.
    None => "cognito:groups cognito:username nickname organization_roles realm_access resource_access scp";
    // What else stands in a trace: of its steps, their inputs, what came of them, the configuration, and values' names.
    None => "at clock chance input effects why shown state what call stamp outcome header jwt signature \
        missing unreadable";
    None => "started woke dropped http record swap lock recalled leading tab stream verified page news sign_in \
        sign_out ask answered revoke_one revoke_others revoke_all check stay nothing timed_out refused swapped lost \
        claimed granted network deadline aborted visible hidden leaving online offline acted right wrong unsupported \
        said opened closed data retry overflowed security ready heartbeat gap bye other origin repeatable problem \
        asks_for renewal step_up content-type countersign-ep date etag retry-after lifetime body cut_short throughout \
        failed kept";
    None => "abort read retain recall disclaim unlock lead stand_down tell wake open_stream close_stream verify reply \
        hint expected keep wait after algorithm token signed_in_until method path bearer believes done acknowledged \
        deliver millis word retry_after";
    None => "unknown signing_in signed_out signed_in verification token_expires_at standing renewing unverified since \
        step_up_required durability this_tab waiting from_server pending";
    None => "page_origin server_origin audience allowed_origins storage idle_warning claim_map paths";
    None => "claim client event key tag text";
}

impl Word {
    /// For [`word!`].
    pub const fn known(text: &str) -> Self {
        match find(text.as_bytes()) {
            Some((word, _)) => word,
            None => panic!("the vocabulary lacks this word"),
        }
    }

    /// The word that is this text, and the rule for the value of a member that is called so.
    pub fn find(text: &str) -> Option<(Self, Option<Rule>)> {
        find(text.as_bytes()).map(|(word, group)| (word, RULES.get(group).copied().flatten()))
    }

    /// The word for a note.
    pub fn of(note: Note) -> Self {
        Self(const { count() } + note as u16)
    }

    #[cfg(any(test, feature = "replay"))]
    pub fn text(self) -> &'static str {
        all().nth(usize::from(self.0)).unwrap_or_default()
    }
}

/// Every word, in its place; those for notes come last.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let words = WORDS.split(' ').chain(Note::CODES.split(' '));
    words.filter(|word| !word.is_empty() && *word != END_OF_GROUP)
}

/// Every member that there is a rule for.
#[cfg(test)]
pub(super) fn members() -> impl Iterator<Item = &'static str> {
    all().filter(|word| Word::find(word).is_some_and(|(_, rule)| rule.is_some()))
}

/// A word, and the position of its group.
const fn find(text: &[u8]) -> Option<(Word, usize)> {
    let (mut words, mut group, mut place) = (WORDS.as_bytes(), 0, 0);
    while !words.is_empty() {
        if let [b'.', b' ', others @ ..] = words {
            words = others;
            group += 1;
            continue;
        }
        let (others, is_same) = compare_first(words, text);
        if is_same {
            return Some((Word(place), group));
        }
        words = others;
        place += 1;
    }
    None
}

/// How many words there are before those for notes.
const fn count() -> u16 {
    let (mut words, mut count) = (WORDS.as_bytes(), 0);
    while let [byte, others @ ..] = words {
        words = others;
        match byte {
            b' ' => count += 1,
            b'.' => count -= 1,
            _ => {}
        }
    }
    count
}

/// Whether the first of some words is this text, and the words after it.
const fn compare_first<'a>(mut words: &'a [u8], mut text: &[u8]) -> (&'a [u8], bool) {
    let mut is_same = true;
    while let [byte, others @ ..] = words {
        words = others;
        if *byte == b' ' {
            break;
        }
        match text {
            [first, more @ ..] if *first == *byte => text = more,
            _ => is_same = false,
        }
    }
    (words, is_same && text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_once_and_is_found_in_its_place() {
        for (place, text) in all().take(usize::from(count())).enumerate() {
            assert_eq!(Word::find(text).map(|(word, _)| usize::from(word.0)), Some(place), "{text}");
            assert_eq!(Word(u16::try_from(place).unwrap()).text(), text);
        }
        for note in Note::ALL {
            assert_eq!(Word::of(*note).text(), note.code());
        }
        assert_eq!(Word::find("sid"), Some((word!("sid"), Some(Rule::Public))));
        assert_eq!([Word::find(""), Word::find("si"), Word::find("sids"), Word::find("id sid")], [None; 4]);
    }
}
