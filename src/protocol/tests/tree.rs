//! JSON as it is written: order, equal keys and the spelling of numbers are kept.

use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Plain(String),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub(crate) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Plain(_) | Self::Text(_) => 0,
            Self::List(list) => 1 + list.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(object) => {
                1 + object
                    .iter()
                    .map(|(_, value)| value.depth())
                    .max()
                    .unwrap_or(0)
            }
        }
    }

    pub(crate) fn has_a_key_twice(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Text(_) => false,
            Self::List(list) => list.iter().any(Self::has_a_key_twice),
            Self::Object(object) => {
                let mut keys: Vec<&String> = object.iter().map(|(key, _)| key).collect();
                keys.sort();
                keys.windows(2).any(|pair| pair[0] == pair[1])
                    || object.iter().any(|(_, value)| value.has_a_key_twice())
            }
        }
    }

    /// Every tree in which one value is replaced by `planted`, or one key renamed.
    pub(crate) fn with_planted(&self, planted: &Tree, key: &str) -> Vec<Tree> {
        let mut variants = vec![planted.clone()];
        match self {
            Self::Plain(_) | Self::Text(_) => {}
            Self::List(list) => {
                for (index, value) in list.iter().enumerate() {
                    for variant in value.with_planted(planted, key) {
                        let mut list = list.clone();
                        list[index] = variant;
                        variants.push(Self::List(list));
                    }
                }
            }
            Self::Object(object) => {
                for (index, (name, value)) in object.iter().enumerate() {
                    for variant in value.with_planted(planted, key) {
                        let mut object = object.clone();
                        object[index] = (name.clone(), variant);
                        variants.push(Self::Object(object));
                    }
                    let mut renamed = object.clone();
                    key.clone_into(&mut renamed[index].0);
                    variants.push(Self::Object(renamed));
                }
            }
        }
        variants
    }

    /// Any tree; with keys from few, so that some are equal.
    pub(crate) fn any() -> impl Strategy<Value = Tree> {
        let plain = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|truth| truth.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u64>().prop_map(|number| number.to_string()),
            (-1e300..1e300f64).prop_map(|number| number.to_string()),
        ];
        let leaf = prop_oneof![
            plain.prop_map(Tree::Plain),
            any::<String>().prop_map(Tree::Text)
        ];
        let key = prop_oneof!["[a-c]{0,2}", "\\PC{0,3}"];
        leaf.prop_recursive(6, 40, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
                prop::collection::vec((key.clone(), inner), 0..4).prop_map(Tree::Object),
            ]
        })
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        match self {
            Self::Plain(plain) => f.write_str(plain),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(list) => {
                let list: Vec<String> = list.iter().map(Self::to_string).collect();
                write!(f, "[{}]", list.join(","))
            }
            Self::Object(object) => {
                let member = |(key, value): &(String, Tree)| format!("{}:{value}", quoted(key));
                let members: Vec<String> = object.iter().map(member).collect();
                write!(f, "{{{}}}", members.join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Plain("null".to_owned()))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Tree, E> {
        Ok(Tree::Plain(truth.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Plain(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Plain(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Plain(format!("{number:?}")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = map.next_entry()? {
            object.push(member);
        }
        Ok(Tree::Object(object))
    }
}
