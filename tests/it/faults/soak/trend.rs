//! Whether something grows.

/// How much is added to a value in an hour, of what was seen at so many seconds: the line that fits
/// best, and how far it may be off (95 %). `None`: too little was seen to tell.
pub(super) fn per_hour(seen: &[(f64, f64)]) -> Option<(f64, f64)> {
    if seen.len() < 10 {
        return None;
    }
    let count = f64::from(u32::try_from(seen.len()).unwrap());
    let mean = |of: fn(&(f64, f64)) -> f64| seen.iter().map(of).sum::<f64>() / count;
    let (at, value) = (mean(|it| it.0), mean(|it| it.1));
    let spread: f64 = seen.iter().map(|it| (it.0 - at).powi(2)).sum();
    let common: f64 = seen.iter().map(|it| (it.0 - at) * (it.1 - value)).sum();
    let slope = common / spread;
    let left: f64 = seen
        .iter()
        .map(|it| (it.1 - value - slope * (it.0 - at)).powi(2))
        .sum();
    let error = (left / (count - 2.0) / spread).sqrt();
    Some((slope * 3_600.0, 2.0 * error * 3_600.0))
}

#[test]
fn a_line_is_found_and_noise_is_none() {
    let line: Vec<_> = (0..60)
        .map(|at| (f64::from(at), 5.0 + 0.5 * f64::from(at)))
        .collect();
    let (slope, error) = per_hour(&line).unwrap();
    assert!(
        (slope - 1_800.0).abs() < 1e-6 && error < 1e-6,
        "{slope} {error}"
    );
    let noise: Vec<_> = (0..60)
        .map(|at| (f64::from(at), f64::from(at % 2)))
        .collect();
    let (slope, error) = per_hour(&noise).unwrap();
    assert!(slope.abs() < error, "{slope} {error}");
    assert_eq!(per_hour(&line[..9]), None);
}
