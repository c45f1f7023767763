//! Several texts in one input, and a source of chance that an input decides.

/// No byte of UTF-8 text, so that no text is cut by it.
const SEPARATOR: u8 = 0xff;

/// The texts of `data`, which 0xFF separates; there is always one. What is not UTF-8 is replaced.
pub(crate) fn texts(data: &[u8]) -> Vec<String> {
    data.split(|byte| *byte == SEPARATOR)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect()
}

/// Numbers that look random and are the same for the same seed (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Those of an input: its bytes, folded (FNV-1a).
    pub(crate) fn of(data: &[u8]) -> Self {
        let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(data.iter().fold(0xcbf2_9ce4_8422_2325, fold))
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.number() % bound).unwrap_or(0)
    }
}

/// What generated requests need as well.
#[cfg(test)]
impl Dice {
    /// Those of a number.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Whether something happens that happens `times` in a hundred.
    pub(crate) fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of several.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
