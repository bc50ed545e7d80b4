//! Where does chance come from? From a seed, so that every run is the same run.

/// A sequence that a seed repeats (SplitMix64). For tests only: whoever knows the seed knows every key.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&self.next().to_le_bytes());
        }
        bytes
    }

    /// A number below `most`, which must not be 0.
    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// A place in a list of that length.
    pub fn choose(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// Begins anew with another seed.
    pub fn reseed(&mut self, seed: u64) {
        *self = Self::new(seed);
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
