//! A label name in its three forms: plain, quoted in a selector, and in a path.

use std::iter::Peekable;
use std::str::Chars;

use crate::connections::url::BaseUrl;
use crate::promql::quote;

/// The path form holds letters, digits and `_` alone, stays one segment below the base, and is read
/// back as the name; only what every version reads without quotes stands bare in a selector.
///
/// # Panics
///
/// If that does not hold.
pub fn label_name(data: &[u8]) {
    let name = String::from_utf8_lossy(data);
    let form = quote::path_form(&name);
    let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    assert!(is_word(&form), "{form:?}");
    assert_eq!(unescaped(&form).as_deref(), Some(name.as_ref()));

    let base = BaseUrl::parse("http://prometheus:9090/a").expect("is a base");
    let url = base.base.endpoint(&["label", &form, "values"]);
    let path = url.path().to_owned();
    assert_eq!(path, format!("/a/label/{form}/values"));

    let bare = quote::label(&name).to_string();
    assert_eq!(!bare.starts_with('"'), quote::is_plain_label(&name));
    assert_eq!(bare == name, is_word(&name) && quote::is_plain_label(&name));
}

/// What Prometheus 3 reads in a path (its `model.UnescapeName`): a name that begins with the mark is
/// unescaped, another is as it stands.
fn unescaped(form: &str) -> Option<String> {
    let Some(escaped) = form.strip_prefix("U__") else {
        return Some(form.to_owned());
    };
    let mut name = String::new();
    let mut rest = escaped.chars().peekable();
    while let Some(next) = rest.next() {
        name.push(match next {
            '_' if rest.next_if_eq(&'_').is_some() => '_',
            '_' => code_point(&mut rest)?,
            plain => plain,
        });
    }
    Some(name)
}

/// Up to six hexadecimal digits and the `_` that ends them.
fn code_point(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    let mut code = 0;
    for _ in 0..=6 {
        let next = rest.next()?;
        if next == '_' {
            return char::from_u32(code);
        }
        code = code * 16 + next.to_digit(16).filter(|_| !next.is_ascii_uppercase())?;
    }
    None
}
