//! Where does chance come from?

use std::sync::{Arc, Mutex, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

/// Random bytes: the operating system's, or for tests a sequence that a seed repeats.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<Seeded>>),
}

struct Seeded {
    seed: u64,
    drawn: u64,
}

impl Random {
    /// The operating system's source: the only one fit for a server that somebody else can reach.
    pub fn system() -> Random {
        Random(Source::System)
    }

    /// A repeatable sequence. Whoever knows the seed knows every secret: for tests only.
    pub fn predictable_for_tests(seed: u64) -> Random {
        Random(Source::Seeded(Arc::new(Mutex::new(Seeded { seed, drawn: 0 }))))
    }

    pub fn bytes(&self) -> [u8; 32] {
        match &self.0 {
            Source::System => {
                let mut bytes = [0; 32];
                getrandom::fill(&mut bytes).expect("the operating system always has random bytes once it has started");
                bytes
            }
            Source::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.drawn += 1;
                let mut hash = Sha256::new();
                hash.update(state.seed.to_be_bytes());
                hash.update(state.drawn.to_be_bytes());
                hash.finalize().into()
            }
        }
    }

    /// A name that cannot be guessed: 128 bits as 32 hexadecimal digits.
    pub fn id(&self) -> String {
        self.bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A number from 0 to `most`, each as likely as the next.
    pub fn up_to(&self, most: u32) -> u32 {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes();
        // 64 bits for at most 32: what the remainder favours is too little to be seen.
        let drawn = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % (u64::from(most) + 1);
        u32::try_from(drawn).unwrap_or(most)
    }

    /// A secret of 256 bits, base64url.
    pub fn secret(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.bytes())
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self.0 {
            Source::System => "Random::system",
            Source::Seeded(_) => "Random::predictable_for_tests",
        })
    }
}
