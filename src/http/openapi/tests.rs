//! The document, held to the router and to itself.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::Value;

use super::NOUNS;
use super::document::{api, method};
use crate::http::router;

fn document() -> Value {
    serde_json::to_value(api(|_| 65536)).expect("it is JSON")
}

#[test]
fn every_call_of_the_router_is_told_and_nothing_else() {
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let routed: BTreeSet<String> = router::rows()
        .flat_map(|row| {
            methods
                .iter()
                .filter(|method| row.takes(method))
                .map(|method| format!("{method} {}", row.name))
                .collect::<Vec<_>>()
        })
        .collect();
    let operations: Vec<_> = NOUNS.iter().flat_map(|(_, _, operations)| operations()).collect();
    let told: BTreeSet<String> =
        operations.iter().map(|operation| format!("{} {}", method(operation), operation.path)).collect();
    let untold: Vec<_> = routed.difference(&told).collect();
    assert!(untold.is_empty(), "tell of them in the file of their noun under src/http/openapi/: {untold:?}");
    let gone: Vec<_> = told.difference(&routed).collect();
    assert!(gone.is_empty(), "the router has no such calls: {gone:?}");
    assert_eq!(operations.len(), told.len(), "a call is told of twice");
}

#[test]
fn every_reference_leads_somewhere_and_every_name_is_one_calls() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("all are of this document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let operations = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|path| path.as_object().expect("calls").values());
    let names: Vec<&str> = operations.map(|call| call["operationId"].as_str().expect("a name")).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[test]
fn a_bodys_limit_is_the_one_that_is_set() {
    let told =
        |limit: usize| serde_json::to_string(&api(|_| limit)).expect("it is JSON").contains("at most 77777 bytes");
    assert_eq!((told(77_777), told(65_536)), (true, false));
}
