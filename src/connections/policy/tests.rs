//! What is admitted.

use super::*;

#[track_caller]
fn covers(pattern: &str, url: &str, expected: bool) {
    let pattern = UpstreamPattern::parse(pattern).unwrap();
    let url = BaseUrl::parse(url).unwrap().base;
    assert_eq!(pattern.covers(url.url()), expected, "{url}");
}

#[test]
fn a_prefix_is_compared_by_segment() {
    covers("http://h/a", "http://h/a", true);
    covers("http://h/a", "http://h/a/b", true);
    covers("http://h/a", "http://h/ab", false);
    covers("http://h/a", "http://h", false);
    covers("http://h", "http://h/a", true);
}
