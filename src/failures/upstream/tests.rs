use super::*;
use crate::upstream::CredentialError as Lacking;
use crate::upstream::Scrubbed;

const HOST: &str = "prometheus:9090";

#[track_caller]
fn check(error: &UpstreamError, expected: &str) {
    assert_eq!(failure(error, Profile::Exact).details(), expected);
}

fn tls(reason: &str) -> UpstreamError {
    let (host, reason) = (HOST.to_owned(), reason.to_owned());
    UpstreamError::Tls { host, reason }
}

fn refused(by: ProvedBy) -> UpstreamError {
    UpstreamError::Unauthorised {
        host: HOST.to_owned(),
        status: 401,
        by,
        cause: None,
    }
}

fn without(source: CredentialError) -> UpstreamError {
    let host = HOST.to_owned();
    UpstreamError::Credentials { host, source }
}

#[test]
fn a_failed_session_names_the_setting_that_cures_it() {
    check(
        &tls("its certificate is from an unknown authority"),
        "TLS with prometheus:9090 failed: its certificate is from an unknown authority. \
         Set `tls_config.ca` or `server_name`. [PM-3003]",
    );
    check(
        &tls("it wants a client certificate"),
        "TLS with prometheus:9090 failed: it wants a client certificate. \
         Set `tls_config.cert` and `key`. [PM-3003]",
    );
}

#[test]
fn a_backend_that_is_not_called_is_told_with_the_failure_to_cure() {
    let open = |millis| UpstreamError::Open {
        host: HOST.to_owned(),
        failures: 5,
        last: Box::new(tls("it has expired")),
        next: Duration::from_millis(millis),
    };
    check(
        &open(1_234),
        "prometheus:9090 failed 5 times in a row, last PM-3003; next try in 1.2 s. \
         Cure PM-3003. [PM-3014]",
    );
    check(
        &open(3),
        "prometheus:9090 failed 5 times in a row, last PM-3003; next try in 0.1 s. \
         Cure PM-3003. [PM-3014]",
    );
}

#[test]
fn a_call_without_a_slot_is_the_mirrors_own_failure() {
    let host = HOST.to_owned();
    let text = "The mirror is at its limit of requests. Add a replica. [PM-6007]";
    check(&UpstreamError::Busy { host }, text);
}

#[test]
fn an_address_that_is_never_dialled_is_told_by_its_host() {
    let refused = |refusal| UpstreamError::Forbidden {
        host: "prom.example".to_owned(),
        address: "169.254.169.254".parse().unwrap(),
        refusal,
    };
    let sentence = "prom.example has an address that is never reached.";
    let said = |fix: &str| format!("{sentence} {fix} [PM-6003]");
    check(&refused(Refusal::LinkLocal), &said("Use another."));
    check(
        &refused(Refusal::Private),
        &said("Use another, or list it in policy.allowed_upstreams."),
    );
    check(
        &refused(Refusal::Narrowed),
        &said("Use another, or compare `addresses` in policy.allowed_upstreams."),
    );
    check(
        &refused(Refusal::Ourselves),
        &said("Use another: this is the mirror itself."),
    );
    let (host, address) = ("login.example".to_owned(), "fe80::1".parse().unwrap());
    check(
        &without(Lacking::Forbidden {
            host,
            address,
            refusal: Refusal::LinkLocal,
        }),
        "login.example has an address that is never reached. Use another. [PM-6003]",
    );
    for refusal in Refusal::ALL {
        let failure = failure(&refused(refusal), Profile::Exact);
        assert!(failure.cause.contains("169.254.169.254"), "for the log");
        assert!(failure.cause.contains(&refusal.to_string()));
        assert!(!failure.details().contains("169.254.169.254"));
    }
}

#[test]
fn without_a_wall_one_text_stands_for_all_that_can_go_wrong_on_the_way() {
    let unreached = |part, reason: &str| UpstreamError::Unreached {
        host: HOST.to_owned(),
        part,
        reason: reason.to_owned(),
        is_late: false,
    };
    let text = "No usable connection to prometheus:9090. \
                Ask the mirror's operator; its log has the reason. [PM-3000]";
    for (error, step) in [
        (
            unreached(Part::Connect, "connection refused"),
            Step::Connect,
        ),
        (unreached(Part::Connect, "timed out"), Step::Connect),
        (unreached(Part::Handshake, "it has expired"), Step::Tls),
    ] {
        check(&error, text);
        let failure = failure(&error, Profile::Exact);
        assert_eq!(failure.step, Some(step));
        let UpstreamError::Unreached { reason, .. } = &error else {
            continue;
        };
        assert!(failure.cause.contains(reason), "for the log");
    }
    let token = without(Lacking::Unreached {
        service: HOST.to_owned(),
        part: Part::Connect,
        reason: "connection refused".to_owned(),
    });
    check(&token, text);
    assert_eq!(
        failure(&token, Profile::Exact).step,
        Some(Step::Credentials)
    );
}

#[test]
fn a_port_that_was_asked_in_the_wrong_way_is_told_with_the_scheme() {
    check(
        &tls("it does not speak TLS"),
        "TLS with prometheus:9090 failed: it does not speak TLS. \
         Write http:// in `url`, or give its TLS port. [PM-3003]",
    );
    check(
        &tls(upstream::WANTS_TLS),
        "TLS with prometheus:9090 failed: it wants TLS and was asked without. \
         Write https:// in `url`. [PM-3003]",
    );
}

#[test]
fn a_port_of_this_machine_that_is_closed_recalls_containers() {
    let closed = |host: &str| UpstreamError::Connect {
        host: host.to_owned(),
        reason: "connection refused".to_owned(),
    };
    check(
        &closed("localhost:9090"),
        "localhost:9090 cannot be reached: connection refused. Check port and listen address; \
         in a container `localhost` is the mirror. [PM-3002]",
    );
    check(
        &closed(HOST),
        "prometheus:9090 cannot be reached: connection refused. \
         Check port and listen address. [PM-3002]",
    );
}

#[test]
fn what_is_no_backend_is_told_by_what_to_give_instead() {
    let host = || HOST.to_owned();
    for status in [404, 405, 410, 501] {
        let (host, told) = (
            host(),
            format!("prometheus:9090 answered {status}. Check the path"),
        );
        let text = failure(&UpstreamError::Status { host, status }, Profile::Exact).details();
        assert!(
            text.starts_with(&told) && text.contains("path_prefix"),
            "{text}"
        );
    }
    let message = Scrubbed::new(&format!("{}, only text/html", upstream::NO_REASON));
    let refused = UpstreamError::Refused {
        host: host(),
        status: 400,
        message,
    };
    let text = failure(&refused, Profile::Exact).details();
    assert!(text.contains("Give the API's base URL"), "{text}");
}

#[test]
fn a_refusal_names_the_block_that_was_shown() {
    check(
        &refused(ProvedBy::Nothing),
        "prometheus:9090 answered 401 to no authentication. Give `basic_auth`, \
         `bearer_token` or `oauth2`; for a tenant the header X-Scope-OrgID. [PM-3004]",
    );
    check(
        &refused(ProvedBy::Basic),
        "prometheus:9090 answered 401 to basic_auth. Check the credentials given. [PM-3004]",
    );
    check(
        &refused(ProvedBy::OAuth2),
        "prometheus:9090 answered 401 to oauth2. \
         Check what the client of `oauth2` may do. [PM-3004]",
    );
}

#[test]
fn what_gives_no_credentials_is_named() {
    let (service, reason) = ("login.example:443".to_owned(), "it was silent".to_owned());
    check(
        &without(Lacking::Endpoint { service, reason }),
        "login.example:443 did not answer: it was silent. Check endpoint and route. [PM-4003]",
    );
    let (service, reason) = ("login.example:443".to_owned(), "it answered 401".to_owned());
    check(
        &without(Lacking::Refused { service, reason }),
        "login.example:443 gave no token: it answered 401. \
         Check client and scopes. [PM-4003]",
    );
}

#[test]
fn what_cannot_be_used_is_named_by_its_key_and_not_by_its_path() {
    let (key, reason) = ("basic_auth.password_file", "it does not exist");
    let (key, reason) = (key.to_owned(), reason.to_owned());
    check(
        &without(Lacking::File { key, reason }),
        "basic_auth.password_file: the file cannot be used: it does not exist. \
         Check mount and mode. [PM-4007]",
    );
    let (key, reason) = ("tls_config.ca", "it holds no certificate");
    let (key, reason) = (key.to_owned(), reason.to_owned());
    check(
        &without(Lacking::Inline { key, reason }),
        "connectionDetails.tls_config.ca: it holds no certificate. \
         Correct the connection details. [PM-1008]",
    );
}
