//! Secrets to look for in a text.

use std::collections::BTreeSet;
use std::ops::Range;

use super::reading::Reading;
use crate::secret::SHORTEST;
use crate::upstream::credentials::base64::base64;
use crate::upstream::credentials::secrets::Secrets;

/// How often what is escaped may have been escaped.
const ROUNDS: usize = 3;
/// How much of a secret is looked for; of one that is longer, nothing behind it is passed on.
pub(super) const COMPARED: usize = 2 << 10;
/// How many bytes are compared for the texts of one answer, all secrets and all readings taken together.
const WORK: usize = 8 << 20;

/// What is looked for in a text.
#[derive(Debug)]
pub(super) struct Needles {
    all: BTreeSet<Needle>,
    /// How many bytes may still be compared.
    left: usize,
}

/// One secret as it may stand in a text that is read so often.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Needle {
    /// In which round it is looked for; none: in each.
    round: Option<usize>,
    /// Whether blanks count. A long secret may be wrapped; of a short one less blanks little is left.
    has_blanks: bool,
    bytes: Vec<u8>,
    /// Whether there is more of it.
    is_cut: bool,
}

/// Too much would have to be compared.
#[derive(Debug)]
pub(super) struct TooMuch;

impl Needles {
    pub(super) fn of(secrets: &Secrets) -> Self {
        let mut needles = Self {
            all: BTreeSet::new(),
            left: WORK,
        };
        for secret in secrets.iter() {
            // More than is compared, whatever of it does not count.
            let plain = secret.expose();
            let plain = &plain[..plain.floor_char_boundary(8 * COMPARED)];
            needles.add(plain);
            if plain.contains(' ') {
                // So a form writes it.
                needles.add(&plain.replace(' ', "+"));
            }
            // What looks like an escape in it is undone with those around it.
            let mut reading = Reading::of(plain);
            for round in 1..=ROUNDS {
                let Some(undone) = reading.unescaped() else {
                    break;
                };
                needles.put(&undone, Some(round));
                reading = undone;
            }
            // Two letters of base 64 stand in any word.
            if plain.len() >= SHORTEST {
                let padded = base64(plain.as_bytes());
                let bare = padded.trim_end_matches('=');
                let hex: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
                needles.add(&bare.replace('+', "-").replace('/', "_"));
                needles.add(bare);
                needles.add(&padded);
                needles.add(&hex.to_ascii_uppercase());
                needles.add(&hex);
            }
        }
        needles
    }

    fn add(&mut self, text: &str) {
        self.put(&Reading::of(text), None);
    }

    fn put(&mut self, reading: &Reading, round: Option<usize>) {
        let has_blanks = reading.bytes().len() < SHORTEST;
        let mut bytes = reading.plain(has_blanks).bytes().to_vec();
        let is_cut = bytes.len() > COMPARED;
        bytes.truncate(COMPARED);
        if bytes.iter().any(|byte| *byte != b' ') {
            self.all.insert(Needle {
                round,
                has_blanks,
                bytes,
                is_cut,
            });
        }
    }

    /// Where in `text` they are, in any order; those that are cut to the end of it.
    pub(super) fn places(&mut self, text: &str) -> Result<Vec<Range<usize>>, TooMuch> {
        let mut places = Vec::new();
        if self.all.is_empty() {
            return Ok(places);
        }
        let mut reading = Reading::of(text);
        for round in 0..=ROUNDS {
            for has_blanks in [true, false] {
                let plain = reading.plain(has_blanks);
                let here = self.all.iter().filter(|it| {
                    it.has_blanks == has_blanks && it.round.is_none_or(|it| it == round)
                });
                for needle in here {
                    let work = plain.bytes().len() + needle.bytes.len();
                    self.left = self.left.checked_sub(work).ok_or(TooMuch)?;
                    for at in occurrences(plain.bytes(), &needle.bytes) {
                        let found = plain.place(at..at + needle.bytes.len());
                        places.push(if needle.is_cut {
                            found.start..text.len()
                        } else {
                            found
                        });
                    }
                }
            }
            match reading.unescaped() {
                Some(undone) => reading = undone,
                None => break,
            }
        }
        Ok(places)
    }
}

/// Where `needle`, which is not empty, begins in `hay`; each byte of both is looked at twice at most (Knuth,
/// Morris and Pratt), whatever they hold.
fn occurrences(hay: &[u8], needle: &[u8]) -> Vec<usize> {
    // For each beginning of the needle, how long the longest end of it is that is a beginning too.
    let mut ends = vec![0; needle.len()];
    let mut length = 0;
    for at in 1..needle.len() {
        while length > 0 && needle[at] != needle[length] {
            length = ends[length - 1];
        }
        length += usize::from(needle[at] == needle[length]);
        ends[at] = length;
    }
    let mut found = Vec::new();
    length = 0;
    for (at, byte) in hay.iter().enumerate() {
        while length > 0 && (length == needle.len() || *byte != needle[length]) {
            length = ends[length - 1];
        }
        length += usize::from(*byte == needle[length]);
        if length == needle.len() {
            found.push(at + 1 - length);
        }
    }
    found
}

impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Needle").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_occurrence_is_found(hay in "[ab]{0,40}", needle in "[ab]{1,5}") {
            let (hay, needle) = (hay.as_bytes(), needle.as_bytes());
            let windows = hay.windows(needle.len()).enumerate();
            let expected: Vec<_> = windows
                .filter(|(_, window)| *window == needle)
                .map(|(at, _)| at)
                .collect();
            prop_assert_eq!(occurrences(hay, needle), expected);
        }
    }
}
