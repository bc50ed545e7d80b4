//! What holds of every reader of bytes from outside, whatever the bytes? Each is asked here as a function of bytes that
//! panics where its law is broken: with seeds in tests, with anything by `cargo xtask fuzz`.

mod claims_map;
mod event_stream;
mod gate;
mod headers;
mod key_set;
mod record;
mod return_address;
pub mod seeds;
mod tab;
mod tab_message;
mod token;

/// A reader's law.
pub type Law = fn(&[u8]);

/// The readers, by the names of the fuzzer's targets.
pub const READERS: [(&str, Law); 10] = [
    ("token", token::law),
    ("key_set", key_set::law),
    ("claims_map", claims_map::law),
    ("gate", gate::law),
    ("event_stream", event_stream::law),
    ("www_authenticate", headers::www_authenticate_law),
    ("retry_after", headers::retry_after_law),
    ("return_address", return_address::law),
    ("record", record::law),
    ("tab_message", tab_message::law),
];

/// The law of one reader.
pub fn law(reader: &str) -> Option<Law> {
    READERS.iter().find(|(name, _)| *name == reader).map(|(_, law)| *law)
}

/// The first byte chooses how to read the rest.
fn chosen(bytes: &[u8]) -> Option<(u8, &[u8])> {
    bytes.split_first().map(|(choice, rest)| (*choice, rest))
}

/// Two texts with a zero byte between them; the second is empty where there is none.
fn two_texts(bytes: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.split_once('\0').unwrap_or((text, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c30_every_seed_keeps_its_reader_s_law() {
        for (reader, law) in READERS {
            let seeds = seeds::of(reader);
            assert!(seeds.len() >= 5, "{reader} has {} seeds", seeds.len());
            seeds.iter().for_each(|seed| law(seed));
        }
    }

    /// A little of what the fuzzer does for hours: cut, and with bytes that are not there.
    #[test]
    fn c30_seeds_that_are_cut_or_changed_keep_it_too() {
        for (reader, law) in READERS {
            for (number, seed) in seeds::of(reader).iter().enumerate() {
                let mut place = 7 * (number + 1);
                for byte in [b'"', 0, b'\\', b'{', 0xff, b'9', b' '] {
                    place = (place * 31 + 17) % (seed.len() + 1);
                    law(&seed[..place]);
                    let mut changed = seed.clone();
                    changed.insert(place, byte);
                    law(&changed);
                }
            }
        }
    }
}
