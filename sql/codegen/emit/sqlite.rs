//! Functions on `rusqlite::Connection`, through its statement cache.

use super::super::statement::{Kind, Shape, Source, Statement, Text};
use super::{answer, arguments, constant, docs, literal};

pub const HEAD: &str = "    use super::{Amount, Asset, LIST_MAX, Prepared, padded, rows};
    use rusqlite::{Connection, Result, ToSql};
";

pub fn function(source: &Source, one: &Statement, text: &Text) -> String {
    let body = match one.list() {
        None if one.kind == Kind::Each => each(one, text),
        None => plain(source, one, text),
        Some(list) => chunked(source, one, text, &list.name),
    };
    format!(
        "{}    pub fn {}(db: &Connection{}) -> Result<{}> {{\n{body}    }}\n",
        docs(one),
        one.name,
        arguments(one),
        answer(one),
    )
}

fn plain(source: &Source, one: &Statement, text: &Text) -> String {
    let values: Vec<_> = text.places.iter().map(|place| format!("&{place}")).collect();
    let values = format!("let values: &[&dyn ToSql] = &[{}];", values.join(", "));
    let row = literal(source, one, |index| format!("row.get({index})?"));
    let run = match one.kind {
        Kind::Many => format!(
            "let mut rows = statement.query(values)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {{
            found.push({row});
        }}
        Ok(found)"
        ),
        Kind::Optional => format!(
            "let mut rows = statement.query(values)?;
        let Some(row) = rows.next()? else {{ return Ok(None) }};
        Ok(Some({row}))"
        ),
        Kind::Changed | Kind::Each => "Ok(statement.execute(values)? as u64)".to_owned(),
        Kind::Inserted => "Ok(statement.insert(values)?.unsigned_abs())".to_owned(),
    };
    format!(
        "        let mut statement = db.prepare_cached({}[0])?;
        {values}
        {run}
",
        constant(one)
    )
}

/// One prepared statement, run for one row after the other: there is no round trip to save.
fn each(one: &Statement, text: &Text) -> String {
    let values: Vec<_> = text.places.iter().map(|place| format!("&row.{place}")).collect();
    format!(
        "        let mut statement = db.prepare_cached({}[0])?;
        let mut changed = 0;
        for row in rows {{
            let values: &[&dyn ToSql] = &[{}];
            changed += statement.execute(values)? as u64;
        }}
        Ok(changed)
",
        constant(one),
        values.join(", ")
    )
}

fn chunked(source: &Source, one: &Statement, text: &Text, list: &str) -> String {
    let mut values = String::new();
    for place in &text.places {
        let is_list = one.argument(place).is_some_and(|field| field.shape == Shape::List);
        let push = if is_list {
            format!("values.extend(padded({list}).map(|value| value as &dyn ToSql));")
        } else {
            format!("values.push(&{place});")
        };
        values.push_str(&format!("            {push}\n"));
    }
    let (start, each) = match one.kind {
        Kind::Many => {
            let row = literal(source, one, |index| format!("row.get({index})?"));
            let each = format!(
                "let mut rows = statement.query(values.as_slice())?;
            while let Some(row) = rows.next()? {{
                found.push({row});
            }}"
            );
            ("Vec::new()", each)
        }
        _ => ("0", "found += statement.execute(values.as_slice())? as u64;".to_owned()),
    };
    format!(
        "        let mut found = {start};
        for {list} in {list}.chunks(LIST_MAX) {{
            let size = {list}.len().next_power_of_two().ilog2() as usize;
            let mut statement = db.prepare_cached({}[size])?;
            let mut values: Vec<&dyn ToSql> = Vec::new();
{values}            {each}
        }}
        Ok(found)
",
        constant(one)
    )
}
