//! Requests, built the way a test wants to read them.

use std::collections::BTreeMap;

use crate::oracle::Method;
use crate::wire::{Aggregation, Condition, Field, Query, Request, Scalar, Value};

/// What is asked, without the backend it is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    options: BTreeMap<String, Scalar>,
    query: Query,
}

impl Question {
    fn new(kind: &'static str) -> Self {
        Self {
            options: BTreeMap::new(),
            query: Query {
                kind,
                ..Query::default()
            },
        }
    }

    /// Metrics under a virtual field, raw until told otherwise.
    pub(crate) fn metric(field: &str, value: &str) -> Self {
        Self::new("MetricsQuery").with(field, value)
    }

    pub(crate) fn gauge(metric: &str) -> Self {
        Self::metric("__gauge__", metric)
    }

    pub(crate) fn counter(metric: &str) -> Self {
        Self::metric("__counter__", metric)
    }

    pub(crate) fn tilde(text: &str) -> Self {
        Self::metric("~", text)
    }

    pub(crate) fn field_names() -> Self {
        Self::new("FieldNamesQuery")
    }

    pub(crate) fn field_values(field: &str) -> Self {
        let mut asked = Self::new("FieldValuesQuery");
        asked.query.field = Some(Field {
            field_name: field.to_owned(),
        });
        asked
    }

    /// One more condition, for equality with a string.
    pub(crate) fn with(self, key: &str, value: &str) -> Self {
        self.with_value(key, Value::StringValue(value.to_owned()))
    }

    pub(crate) fn with_value(mut self, key: &str, value: Value) -> Self {
        self.query.conditions.push(Condition::new(key, value));
        self
    }

    /// A query option in the connection details.
    pub(crate) fn option(mut self, name: &str, value: impl Into<Scalar>) -> Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn buckets(mut self, method: Method, width: i64) -> Self {
        let method = method.name();
        self.query.aggregation = Some(Aggregation {
            kind: "Aggregation",
            method,
            bucket_size_millis: width,
        });
        self
    }

    pub(crate) fn between(mut self, start: i64, end: i64) -> Self {
        (self.query.start_time, self.query.end_time) = (start, end);
        self
    }

    pub(crate) fn limit(mut self, limit: i64) -> Self {
        self.query.limit = Some(limit);
        self
    }

    pub(crate) fn offset(mut self, offset: i64) -> Self {
        self.query.offset = Some(offset);
        self
    }

    pub(crate) fn prefix(mut self, prefix: &str) -> Self {
        self.query.field_value_prefix = Some(prefix.to_owned());
        self
    }

    /// The path it is posted to and the request, about the backend at `url`.
    pub(crate) fn about(&self, url: &str) -> (&'static str, Request) {
        let mut connection_details = self.options.clone();
        connection_details.insert("url".to_owned(), url.into());
        let (path, kind) = match self.query.kind {
            "FieldNamesQuery" => ("/api/field/name", "FieldNamesRequest"),
            "FieldValuesQuery" => ("/api/field/value", "FieldValuesRequest"),
            _ => ("/api/metric", "MetricsRequest"),
        };
        (
            path,
            Request {
                kind,
                connection_details,
                query: Some(self.query.clone()),
            },
        )
    }

    /// The connection test of the backend at `url`.
    pub(crate) fn connection(url: &str) -> (&'static str, Request) {
        let connection_details = BTreeMap::from([("url".to_owned(), url.into())]);
        (
            "/api/connection",
            Request {
                kind: "TestConnectionRequest",
                connection_details,
                query: None,
            },
        )
    }
}
