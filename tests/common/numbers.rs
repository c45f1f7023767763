//! The two conversions between instants and floats, so that no cast stands anywhere else.

/// A whole number as a float; everything in these tests is far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "all inputs are below 2^53")]
pub(crate) fn float(whole: i64) -> f64 {
    whole as f64
}

/// The nearest whole number; what comes here is an instant or a position in a list.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded first, and far below 2^53"
)]
pub(crate) fn whole(float: f64) -> i64 {
    float.round() as i64
}

/// The same pseudo-random number for the same `(seed, k)` on every run, in `0..below`.
pub(crate) fn noise(seed: i64, k: i64, below: i64) -> i64 {
    // SplitMix64's finaliser: neighbours in k are unrelated in the result.
    let mut z = seed.wrapping_mul(1_000_003).wrapping_add(k).cast_unsigned();
    z = z.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 1).cast_signed().rem_euclid(below)
}

/// Tells whether two numbers agree within a relative tolerance. Below 1e-3 the tolerance
/// stays what it is there, or nothing but an exact zero would equal zero.
pub(crate) fn agree(left: f64, right: f64, tolerance: f64) -> bool {
    (left - right).abs() <= tolerance * left.abs().max(right.abs()).max(1e-3)
}
