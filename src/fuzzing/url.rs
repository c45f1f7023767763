//! The URL of a backend, the list of upstreams, and the paths that are made below a base.

use ::url::Url;

use super::parts;
use crate::connections::policy::UpstreamPattern;
use crate::connections::url;
use crate::connections::url::BaseUrl;
use crate::connections::url::UrlError;

/// Takes an entry of the list, a URL, and segments.
///
/// What is accepted has scheme, host, port and path alone and is read as the same again; a URL below
/// it begins with it and has the segments that were given; an entry covers only what begins with its
/// text.
///
/// # Panics
///
/// If that does not hold.
pub fn url(data: &[u8]) {
    let texts = parts::texts(data);
    let mut texts = texts.iter().map(String::as_str);
    let entry = texts.next().unwrap_or_default();
    let given = texts.next().unwrap_or_default();
    let segments: Vec<&str> = texts.collect();
    let Ok(normalised) = BaseUrl::parse(given) else {
        return;
    };
    let base = normalised.base;
    has_no_more_than_a_place(base.url());
    match url::endpoint(&base.to_string()) {
        Ok(again) => assert_eq!(&again, base.url()),
        // Escapes make it longer than what was given.
        Err(error) => assert_eq!(error, UrlError::Long, "{base}"),
    }
    begins_with_its_base(&base, &segments);
    if let Ok(entry_read) = UpstreamPattern::parse(entry)
        && entry_read.covers(base.url())
    {
        begins_with_its_entry(&base, entry);
    }
}

fn has_no_more_than_a_place(url: &Url) {
    assert!(matches!(url.scheme(), "http" | "https"));
    assert_eq!((url.username(), url.password()), ("", None));
    assert_eq!((url.query(), url.fragment()), (None, None));
    assert!(url.port_or_known_default().is_some_and(|port| port > 0));
    let host = url.host_str().unwrap_or_default();
    assert!(!host.is_empty() && !host.ends_with('.') && !host.contains('%'));
    let path = url.path();
    assert!(!path.contains("//") && !path.contains('\\'), "{path}");
    assert!(
        path.split('/').all(|it| !matches!(it, "." | "..")),
        "{path}"
    );
}

fn begins_with_its_base(base: &BaseUrl, segments: &[&str]) {
    let made = base.endpoint(segments);
    let text = made.as_str();
    let rest = text
        .strip_prefix(&base.to_string())
        .expect("begins with its base");
    assert!(!rest.contains(['?', '#', '\\']), "{text}");
    let below: Vec<String> = rest.split('/').skip(1).map(decoded).collect();
    let mut expected: Vec<&str> = segments.to_vec();
    expected.retain(|segment| !matches!(*segment, "." | ".."));
    // A base without a path is `http://h/`, of which nothing is left where nothing was added.
    if expected.is_empty() {
        expected.extend(rest.starts_with('/').then_some(""));
    }
    assert_eq!(below, expected, "{text}");
}

fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        let byte = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).expect("what was text is text")
}

/// The entry and the URL as texts: with the host's first label as `*` where the entry has that, the
/// one is the beginning of the other, and ends where a segment does.
fn begins_with_its_entry(base: &BaseUrl, entry: &str) {
    let has_wildcard = entry.contains("://*.");
    let plain = BaseUrl::parse(&entry.replacen("*.", "", usize::from(has_wildcard)));
    let plain = plain.expect("an entry is a base").base.to_string();
    let mut shown = base.to_string();
    if has_wildcard {
        let host = base.url().host_str().unwrap_or_default();
        let (label, rest) = host.split_once('.').expect("has a label to spare");
        assert!(!label.is_empty());
        shown = shown.replacen(host, rest, 1);
    }
    let fits = format!("{shown}/").starts_with(&format!("{plain}/"));
    assert!(fits, "{entry} covers {base}");
}
