use super::*;
use crate::caller::Caller;
use crate::connections::identity::ProcessKey;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn given() -> Given {
    Given {
        id: secret("id"),
        secret: secret("secret"),
        session_token: Some(secret("token")),
    }
}

fn role() -> Role {
    Role {
        arn: "arn:aws:iam::1:role/r".to_owned(),
        external_id: Some(secret("external")),
        session_name: "name".to_owned(),
        length: Duration::from_secs(3600),
        token_file: Some(TokenFile {
            path: "/token".into(),
            named_by: "x",
        }),
    }
}

fn wanted() -> Wanted {
    Wanted {
        source: Source::Given(given()),
        role: Some(role()),
        place: Place {
            region: "eu-west-1".to_owned(),
            endpoint: Some(Url::parse("http://127.0.0.1:5000/").unwrap()),
            fips: false,
        },
        caller: Caller::Anyone,
    }
}

fn with_given(change: impl FnOnce(&mut Given)) -> Wanted {
    let mut keys = given();
    change(&mut keys);
    Wanted {
        source: Source::Given(keys),
        ..wanted()
    }
}

fn with_role(change: impl FnOnce(&mut Role)) -> Wanted {
    let mut role = role();
    change(&mut role);
    Wanted {
        role: Some(role),
        ..wanted()
    }
}

fn with_place(change: impl FnOnce(&mut Place)) -> Wanted {
    let mut wanted = wanted();
    change(&mut wanted.place);
    wanted
}

fn own(profile: Option<&str>) -> Wanted {
    let profile = profile.map(str::to_owned);
    Wanted {
        source: Source::Own { profile },
        ..wanted()
    }
}

#[test]
fn equal_credentials_have_one_key() {
    let key = ProcessKey::random();
    assert_eq!(key.identity(&wanted()), key.identity(&wanted()));
    let by_another = Wanted {
        caller: Caller::Network,
        ..wanted()
    };
    assert_eq!(key.identity(&by_another), key.identity(&wanted()));
}

#[test]
fn a_clock_is_that_of_an_sts_by_its_name() {
    let host = |place: Place| place.host();
    assert_eq!(host(wanted().place), "127.0.0.1:5000");
    assert_eq!(
        host(with_place(|it| it.endpoint = None).place),
        "sts.eu-west-1"
    );
}

#[test]
fn any_single_field_makes_another_key() {
    let other = || secret("other");
    let all = [
        wanted(),
        with_given(|it| it.id = other()),
        with_given(|it| it.secret = other()),
        with_given(|it| it.session_token = Some(other())),
        with_given(|it| it.session_token = None),
        own(None),
        own(Some("profile")),
        own(Some("other")),
        with_role(|it| it.arn = "arn:aws:iam::1:role/other".to_owned()),
        with_role(|it| it.external_id = Some(other())),
        with_role(|it| it.external_id = None),
        with_role(|it| it.session_name = "other".to_owned()),
        with_role(|it| it.length = Duration::from_secs(900)),
        with_role(|it| it.token_file.as_mut().unwrap().path = "/other".into()),
        with_role(|it| it.token_file = None),
        Wanted {
            role: None,
            ..wanted()
        },
        with_place(|it| it.region = "us-east-1".to_owned()),
        with_place(|it| it.endpoint = None),
        with_place(|it| it.endpoint = Some(Url::parse("http://127.0.0.1:5001/").unwrap())),
        with_place(|it| it.fips = true),
    ];
    let key = ProcessKey::random();
    for (at, one) in all.iter().enumerate() {
        for (other_at, other) in all.iter().enumerate().skip(at + 1) {
            assert_ne!(
                key.identity(one),
                key.identity(other),
                "{at} and {other_at}"
            );
        }
    }
}

#[test]
fn a_wrong_secret_with_a_right_key_id_has_another_key() {
    let key = ProcessKey::random();
    let wrong = with_given(|it| it.secret = secret("guessed"));
    assert_ne!(key.identity(&wrong), key.identity(&wanted()));
}

#[test]
fn roles_share_the_entry_of_the_own_identity() {
    let key = ProcessKey::random();
    let other_role = Wanted {
        role: Some(Role {
            arn: "other".to_owned(),
            ..role()
        }),
        ..own(None)
    };
    assert_ne!(key.identity(&own(None)), key.identity(&other_role));
    assert_eq!(
        key.identity(&own(None).own()),
        key.identity(&other_role.own())
    );
}

#[test]
fn the_time_of_another_machine_without_tls_is_not_believed() {
    #[track_caller]
    fn check(endpoint: &str, is_trusted: bool) {
        let endpoint = Some(Url::parse(endpoint).unwrap());
        let place = with_place(|it| it.endpoint = endpoint).place;
        assert_eq!(place.is_trusted(), is_trusted);
    }
    check("https://sts.example.net", true);
    check("http://127.0.0.1:5000", true);
    check("http://[::1]:5000", true);
    check("http://localhost:5000", true);
    check("http://sts.example.net", false);
    check("http://10.0.0.1", false);
    assert!(with_place(|it| it.endpoint = None).place.is_trusted());
}

#[test]
fn nothing_of_a_credential_is_in_its_debug_text() {
    let text = format!("{:?} {:?}", wanted(), given().credentials());
    for hidden in ["\"secret\"", "\"token\"", "\"external\""] {
        assert!(!text.contains(hidden), "{text}");
    }
}
