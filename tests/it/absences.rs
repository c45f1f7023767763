//! What must not stand where: rules that are best told as an absence, each a search over `src/`.
//! Code that is compiled for tests alone is left out.

use std::collections::BTreeSet;

use crate::source::Source;
use crate::source::sources;

/// Words that may stand in some places only.
struct Rule {
    /// What holds, for the one who breaks it.
    claim: &'static str,
    /// Words in code.
    words: &'static [&'static str],
    /// Words in string literals, in any case.
    literals: &'static [&'static str],
    /// Where they are looked for: files, and folders with `/`. Empty: everywhere.
    within: &'static [&'static str],
    /// Where they may stand.
    except: &'static [&'static str],
    /// A violation, that the rule can be seen to bite.
    plant: (&'static str, &'static str),
}

/// The modules that compute and do nothing else.
const PURE: &[&str] = &[
    "src/time.rs",
    "src/series.rs",
    "src/options.rs",
    "src/protocol.rs",
    "src/protocol/",
    "src/promql.rs",
    "src/promql/",
    "src/translate.rs",
    "src/translate/",
    "src/buckets.rs",
    "src/buckets/",
    "src/egress/address.rs",
    "src/network.rs",
    "src/connections/url.rs",
    "src/connections/url/",
];

/// The modules whose texts reach a backend as `PromQL`.
const PROMQL: &[&str] = &[
    "src/promql.rs",
    "src/promql/",
    "src/translate.rs",
    "src/translate/",
    "src/probe.rs",
    "src/probe/",
    "src/fetch.rs",
    "src/fetch/",
];

const RULES: &[Rule] = &[
    Rule {
        claim: "only egress dials and resolves",
        words: &[
            "TcpStream::connect",
            "TcpSocket",
            "HttpConnector",
            "lookup_host",
            "to_socket_addrs",
            "UdpSocket",
            "UnixStream",
            "connect_timeout(",
        ],
        literals: &[],
        within: &[],
        except: &[
            "src/egress.rs",
            "src/egress/",
            // It names a trait of the AWS SDK; what it dials with is egress'.
            "src/upstream/aws/http.rs",
        ],
        plant: (
            "src/upstream/client.rs",
            "let s = TcpStream::connect(host).await?;",
        ),
    },
    Rule {
        claim: "only the client of AWS dials without the guard",
        words: &["AmbientDialler"],
        literals: &[],
        within: &[],
        except: &["src/egress.rs", "src/egress/", "src/upstream/aws/http.rs"],
        plant: (
            "src/upstream/reach.rs",
            "let d = AmbientDialler::default();",
        ),
    },
    Rule {
        claim: "one builder makes the clients for backends and token endpoints; what asks this machine who \
                it is has another, and so has who asks an admin port",
        words: &["Client::builder(TokioExecutor", "client::conn::http"],
        literals: &[],
        within: &[],
        except: &[
            "src/upstream/client/clients.rs",
            "src/upstream/client/pool.rs",
            "src/upstream/aws/http.rs",
            "src/cli/health.rs",
            "src/cli/remote.rs",
        ],
        plant: (
            "src/upstream/sign/oauth2/endpoint.rs",
            "let client = legacy::Client::builder(TokioExecutor::new()).build(dialler);",
        ),
    },
    Rule {
        claim: "only config reads the environment",
        words: &["env::var", "env::vars", "env::var_os", "use std::env"],
        literals: &[],
        within: &[],
        except: &["src/config.rs", "src/config/"],
        plant: (
            "src/upstream/client.rs",
            "let p = std::env::var(\"HTTPS_PROXY\");",
        ),
    },
    Rule {
        claim: "files are read by config and limits, secrets by upstream/credentials, by cli what the user \
                names, and by instruments what the kernel tells of this process",
        words: &["std::fs", "tokio::fs", "File::open", "fs::read"],
        literals: &[],
        within: &[],
        except: &[
            "src/config.rs",
            "src/config/",
            "src/limits.rs",
            "src/limits/",
            "src/cli.rs",
            "src/cli/",
            "src/instruments/process.rs",
            "src/upstream/credentials.rs",
            "src/upstream/credentials/",
        ],
        plant: (
            "src/connections/details.rs",
            "let t = std::fs::read(path)?;",
        ),
    },
    Rule {
        claim: "only promql/quote.rs writes a quote into PromQL",
        words: &[],
        literals: &["\\\"", "\""],
        within: PROMQL,
        // What scan.rs writes is read by the parser and never sent.
        except: &["src/promql/quote.rs", "src/promql/scan.rs"],
        plant: (
            "src/translate/gauge.rs",
            r#"format!("{name}{{job=\"{job}\"}}")"#,
        ),
    },
    Rule {
        claim: "PromQL is made of values by promql, and as text by translate/legacy alone",
        words: &[],
        literals: &[
            "_over_time(",
            "rate(",
            "increase(",
            "delta(",
            "sum(",
            "max(",
            "min(",
            " offset ",
            "{{",
        ],
        within: &[
            "src/translate.rs",
            "src/translate/",
            "src/fetch.rs",
            "src/fetch/",
            "src/mirror.rs",
            "src/mirror/",
        ],
        except: &["src/translate/legacy.rs", "src/translate/legacy/"],
        plant: ("src/translate/counter.rs", "format!(\"rate({s})\")"),
    },
    Rule {
        claim: "only api/reply.rs names the header of the key; openapi describes it",
        words: &["x-mirror-api-key", "X_MIRROR_API_KEY"],
        literals: &["x-mirror-api-key"],
        within: &[],
        except: &["src/api/reply.rs", "src/openapi/paths.rs"],
        plant: (
            "src/api/metric.rs",
            "headers.insert(\"X-Mirror-Api-Key\", key)",
        ),
    },
    Rule {
        claim: "only upstream/decode sees the JSON of Prometheus",
        words: &["resultType", "errorType", "result_type", "error_type"],
        literals: &["resulttype", "errortype"],
        within: &[],
        except: &[
            "src/upstream/decode.rs",
            "src/upstream/decode/",
            // The header `x-amzn-errortype`.
            "src/upstream/aws/complaint.rs",
        ],
        plant: (
            "src/probe.rs",
            "#[serde(rename = \"resultType\")] kind: Kind",
        ),
    },
    Rule {
        claim: "only protocol spells the wire types",
        words: &[],
        literals: &["_type", "remotemirrorerror", "metricstoreconnectionerror"],
        within: &[],
        except: &[
            "src/protocol.rs",
            "src/protocol/",
            // Pages about errors name the types of errors.
            "src/failures/catalogue/pages.rs",
        ],
        plant: ("src/api/reply.rs", "body(\"{\\\"_type\\\": 1}\")"),
    },
    Rule {
        claim: "pure modules wait for nothing, read no clock, log nothing",
        words: &[
            "async ",
            ".await",
            "Instant::now",
            "SystemTime::now",
            "tracing::",
            "std::env",
            "std::fs",
            "std::net::Tcp",
            "tokio",
            "std::thread",
        ],
        literals: &[],
        within: PURE,
        except: &[],
        plant: ("src/buckets/writer.rs", "tracing::debug!(\"dropped\");"),
    },
    Rule {
        claim: "no JSON tree stands between bytes and types",
        words: &[
            "serde_json::Value",
            "Value::Object",
            "serde_json::Map",
            "json!(",
        ],
        literals: &[],
        within: &[],
        except: &[],
        plant: (
            "src/connections/details.rs",
            "let v: serde_json::Value = x;",
        ),
    },
    Rule {
        claim: "no static holds state",
        words: &[
            "static ",
            "thread_local!",
            "lazy_static",
            "OnceLock",
            "LazyLock",
        ],
        literals: &[],
        within: &[],
        // The allocator is named by one.
        except: &["src/main.rs"],
        plant: (
            "src/cache.rs",
            "static CACHE: Mutex<Cache> = Mutex::new(Cache::new());",
        ),
    },
    Rule {
        claim: "only cli prints",
        words: &[
            "println!",
            "eprintln!",
            "print!(",
            "io::stdout",
            "io::stderr",
        ],
        literals: &[],
        within: &[],
        except: &["src/cli.rs", "src/cli/", "src/main.rs", "src/logging.rs"],
        plant: ("src/fetch.rs", "println!(\"chunk\");"),
    },
    Rule {
        claim: "only caller makes an Accepted",
        words: &["Accepted {", "Accepted("],
        literals: &[],
        within: &[],
        except: &["src/caller.rs", "src/caller/"],
        plant: ("src/api.rs", "let accepted = Accepted { name };"),
    },
];

impl Rule {
    /// Where the rule is broken, as `file:line: word`.
    fn violations(&self, sources: &[Source]) -> BTreeSet<String> {
        let lies_in = |source: &Source, places: &[&str]| {
            let is_in = |place: &&str| {
                source.path == **place || (place.ends_with('/') && source.path.starts_with(*place))
            };
            places.iter().any(is_in)
        };
        let mut found = BTreeSet::new();
        for source in sources {
            let is_asked = self.within.is_empty() || lies_in(source, self.within);
            if !is_asked || lies_in(source, self.except) {
                continue;
            }
            let shipped = source.shipped();
            let mut report = |at: usize, word: &str| {
                let line = shipped.code[..at].matches('\n').count() + 1;
                found.insert(format!("{}:{line}: {word}", source.path));
            };
            for word in self.words {
                for at in word_starts(&shipped.code, word) {
                    report(at, word);
                }
            }
            for (at, literal) in &shipped.literals {
                let literal = literal.to_lowercase();
                for word in self.literals {
                    if word_starts(&literal, word).next().is_some() {
                        report(*at, word);
                    }
                }
            }
        }
        found
    }
}

/// Where `word` stands in `code` and is not the end of a longer word. A lifetime is none.
fn word_starts<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = code[..*at].chars().next_back();
            let begins = word.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            !(begins && before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '\''))
        })
}

#[test]
fn each_absence_holds() {
    let sources = sources();
    let broken: Vec<String> = RULES
        .iter()
        .flat_map(|rule| {
            let found = rule.violations(&sources);
            found
                .into_iter()
                .map(|found| format!("{}: {found}", rule.claim))
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn each_search_finds_a_planted_violation_and_names_the_file() {
    for rule in RULES {
        let (path, text) = rule.plant;
        let text = format!("//! Doc.\n\nfn f() {{\n{text}\n}}\n");
        let found = rule.violations(&[Source::new(path, &text)]);
        let names_it = |found: &String| found.starts_with(&format!("{path}:4: "));
        assert!(found.iter().any(names_it), "{}: {found:?}", rule.claim);
    }
}

#[test]
fn no_search_finds_anything_in_comments_and_test_modules() {
    for rule in RULES {
        let (path, text) = rule.plant;
        let text = format!("// {text}\n#[cfg(test)]\nmod tests {{\n    fn f() {{ {text} }}\n}}\n");
        let found = rule.violations(&[Source::new(path, &text)]);
        assert_eq!(found, BTreeSet::new(), "{}", rule.claim);
    }
}

#[test]
fn the_places_of_the_rules_exist() {
    let sources = sources();
    for place in PURE
        .iter()
        .chain(PROMQL)
        .filter(|place| place.ends_with(".rs"))
    {
        let exists = sources.iter().any(|source| source.path == *place);
        assert!(exists || *place == "src/egress/address.rs", "{place}");
    }
}
