//! What makes no sense though it can be read.

use super::Wrong;
use super::statement::{Kind, Shape, Source, Statement, Text};

/// What the generated functions call their own values.
const RESERVED: [&str; 9] = ["db", "changed", "found", "result", "row", "rows", "size", "statement", "values"];

/// Checks every statement, and that no name is used twice.
pub fn source(source: &Source) -> Result<(), Wrong> {
    for (index, one) in source.statements.iter().enumerate() {
        let wrong = |what: String| Wrong::new(&one.file, one.line, format!("`{}` {what}", one.name));
        if let Some(other) = source.statements[..index].iter().find(|other| other.name == one.name) {
            return Err(wrong(format!("is there already, at {}:{}", other.file, other.line)));
        }
        statement(one).map_err(wrong)?;
    }
    Ok(())
}

fn statement(one: &Statement) -> Result<(), String> {
    match (one.kind.has_rows(), &one.row) {
        (true, None) => return Err("answers rows: want `-- row NAME: COLUMN TYPE, ...`".to_owned()),
        (false, Some(row)) => return Err(format!("answers no rows, yet has `-- row {row}`")),
        _ => {}
    }
    let lists = one.arguments.iter().filter(|field| field.shape == Shape::List).count();
    if lists > 1 {
        return Err("has two lists: one can be split into several round trips, two cannot".to_owned());
    }
    if lists == 1 && !matches!(one.kind, Kind::Many | Kind::Changed) {
        return Err("has a list, and so must be :many or :changed".to_owned());
    }
    for (index, argument) in one.arguments.iter().enumerate() {
        if one.arguments[..index].iter().any(|other| other.name == argument.name) {
            return Err(format!("has two arguments `{}`", argument.name));
        }
        if RESERVED.contains(&argument.name.as_str()) {
            return Err(format!("cannot have an argument `{}`: the generated code uses that name", argument.name));
        }
    }
    one.texts.iter().try_for_each(|each| text(one, each))
}

fn text(one: &Statement, text: &Text) -> Result<(), String> {
    let engine = text.engine.name();
    if text.sql.contains("SELECT *") {
        return Err("must list its columns".to_owned());
    }
    if let Some(place) = text.places.iter().find(|place| one.argument(place).is_none()) {
        return Err(format!("uses `:{place}` ({engine}), which has no `-- arg`"));
    }
    if let Some(unused) = one.arguments.iter().find(|field| !text.places.contains(&field.name)) {
        return Err(format!("never uses its argument `{}` ({engine})", unused.name));
    }
    // A list is padded by repeating its last value, which changes nothing in `IN (...)` and much anywhere else.
    let Some(list) = one.list() else { return Ok(()) };
    let used = text.places.iter().filter(|place| **place == list.name).count();
    if used != 1 || !text.sql.contains(" IN (?)") || text.sql.contains("NOT IN (?)") {
        return Err(format!("must use its list once, as `COLUMN IN (:{})`", list.name));
    }
    Ok(())
}
