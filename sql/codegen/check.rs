//! What makes no sense though it can be read.

use super::Wrong;
use super::statement::{Engine, Kind, Shape, Source, Statement, Text};

/// What the generated functions call their own values.
const RESERVED: [&str; 9] = ["db", "changed", "found", "result", "row", "rows", "size", "statement", "values"];

/// Checks every statement, and that no name is used twice.
pub fn source(source: &Source) -> Result<(), Wrong> {
    for (index, one) in source.statements.iter().enumerate() {
        let wrong = |what: String| Wrong::new(&one.file, one.line, format!("`{}` {what}", one.name));
        if let Some(other) = source.statements[..index].iter().find(|other| other.name == one.name) {
            return Err(wrong(format!("is there already, at {}:{}", other.file, other.line)));
        }
        statement(source, one).map_err(wrong)?;
    }
    Ok(())
}

fn statement(source: &Source, one: &Statement) -> Result<(), String> {
    match (one.kind.has_row(), &one.row) {
        (true, None) => return Err("answers or takes rows: want `-- row NAME: COLUMN TYPE, ...`".to_owned()),
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
    if one.kind == Kind::Each {
        return one.texts.iter().try_for_each(|text| each(source, one, text));
    }
    one.texts.iter().try_for_each(|each| text(one, each))
}

/// The columns of the row are the arguments, and on MySQL one statement takes the values of many rows.
fn each(source: &Source, one: &Statement, text: &Text) -> Result<(), String> {
    let engine = text.engine.name();
    if !one.arguments.is_empty() {
        return Err("takes rows, and so no `-- arg`".to_owned());
    }
    let known =
        |place: &str| source.row_of(one).is_some_and(|row| row.columns.iter().any(|column| column.name == place));
    if let Some(place) = text.places.iter().find(|place| !known(place)) {
        return Err(format!("uses `:{place}` ({engine}), which is no column of its row"));
    }
    let tuple = Statement::tuple(&text.sql).unwrap_or_default();
    let takes_all = tuple.matches('?').count() == text.places.len() && tuple.rfind('(') == Some(0);
    if text.engine == Engine::Mysql && !takes_all {
        return Err("must have all its values in one plain `VALUES (...)` (mysql)".to_owned());
    }
    Ok(())
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
