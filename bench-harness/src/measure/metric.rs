//! A number with its samples and which way is better: what `seawall compare` reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which way a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Less is better: latencies, costs.
    Lower,
    /// More is better: rates.
    Higher,
}

/// One metric of a bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name, with slashes between parts and the unit last.
    pub name: String,
    /// Which way it improves.
    pub better: Better,
    /// One value for each process.
    pub samples: Vec<f64>,
}

impl Metric {
    /// A metric of which less is better.
    pub fn lower(name: impl Into<String>, samples: Vec<f64>) -> Self {
        Self { name: name.into(), better: Better::Lower, samples }
    }

    /// A metric of which more is better.
    pub fn higher(name: impl Into<String>, samples: Vec<f64>) -> Self {
        Self { name: name.into(), better: Better::Higher, samples }
    }
}

/// Samples by name, of one or several documents; each document is one process, unless it lists
/// the samples of its processes itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    by_name: BTreeMap<String, (Option<Better>, Vec<f64>)>,
}

impl Samples {
    /// Adds what a document holds: its `metrics`, or else every number in it. Lists are told apart
    /// by the `name` of their elements, or by place. The manifest says where, not what.
    pub fn add(&mut self, document: &Value) {
        let metrics = document.get("metrics").cloned();
        let listed: Option<Vec<Metric>> =
            metrics.and_then(|metrics| serde_json::from_value(metrics).ok());
        match listed {
            Some(metrics) => {
                for Metric { name, better, samples } in metrics {
                    let entry = self.by_name.entry(name).or_default();
                    entry.0 = Some(better);
                    entry.1.extend(samples);
                }
            }
            None => self.add_numbers("", document),
        }
    }

    /// Every name with its direction, if that is known, and its samples.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<Better>, &[f64])> {
        self.by_name.iter().map(|(name, (better, samples))| (&**name, *better, &**samples))
    }

    /// The samples of a name.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.by_name.get(name).map(|(_, samples)| &**samples)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    fn add_numbers(&mut self, path: &str, value: &Value) {
        let join = |key: &str| {
            if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") }
        };
        match value {
            Value::Number(number) => {
                let entry = self.by_name.entry(path.to_owned()).or_default();
                entry.0 = direction(path);
                entry.1.extend(number.as_f64());
            }
            Value::Object(fields) => {
                for (key, value) in fields.iter().filter(|(key, _)| *key != "manifest") {
                    self.add_numbers(&join(key), value);
                }
            }
            Value::Array(elements) => {
                for (place, element) in elements.iter().enumerate() {
                    let name = element.get("name").and_then(Value::as_str);
                    let key = name.map_or_else(|| place.to_string(), str::to_owned);
                    self.add_numbers(&join(&key), element);
                }
            }
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
}

/// The good direction of a number by the words of its name, where there is no doubt.
fn direction(path: &str) -> Option<Better> {
    let higher = ["msgs_per_s", "fill_rate", "fill_ratio"];
    let lower = ["latency", "slippage", "shortfall", "bad_debt", "socialised", "service_ns"];
    let is_count = path.ends_with("/count") || path.contains("offered");
    if is_count {
        None
    } else if higher.iter().any(|word| path.contains(word)) {
        Some(Better::Higher)
    } else if lower.iter().any(|word| path.contains(word)) || path.ends_with("ns_per_msg") {
        Some(Better::Lower)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_one_process() {
        let mut samples = Samples::default();
        for rate in [5.0, 6.0] {
            samples.add(&json!({
                "manifest": { "cores": 2 },
                "rows": [{ "name": "capacity", "msgs_per_s": { "median": rate }, "seed": 7 }],
            }));
        }
        let rows: Vec<_> = samples.iter().collect();
        assert_eq!(
            rows,
            [
                ("rows/capacity/msgs_per_s/median", Some(Better::Higher), &[5.0, 6.0][..]),
                ("rows/capacity/seed", None, &[7.0, 7.0][..]),
            ]
        );
    }

    #[test]
    fn listed_metrics_are_taken_instead() {
        let mut samples = Samples::default();
        let metric = Metric::lower("ring/p50_ns", vec![1.0, 2.0, 3.0]);
        samples.add(&json!({ "metrics": [metric], "processes": [{ "p50": 1 }] }));
        assert_eq!(samples.get("ring/p50_ns"), Some(&[1.0, 2.0, 3.0][..]));
        assert_eq!(samples.iter().count(), 1);
    }
}
