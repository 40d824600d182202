//! Functions on `mysql_async` connections and transactions, through the connection's statement cache.

use super::super::statement::{Field, Kind, Shape, Source, Statement, Text, Type};
use super::{answer, arguments, constant, docs, literal};

pub const HEAD: &str = "    use super::{Amount, Asset, LIST_MAX, Prepared, ROWS_MAX, column, padded, rows};
    use mysql_async::prelude::Queryable;
    use mysql_async::{Result, Row, Value};
";

pub fn function(source: &Source, one: &Statement, text: &Text) -> String {
    let body = match one.list() {
        None if one.kind == Kind::Each => each(source, one, text),
        None => plain(source, one, text),
        Some(list) => chunked(source, one, text, &list.name),
    };
    format!(
        "{}    pub async fn {}<C: Queryable>(db: &mut C{}) -> Result<{}> {{\n{body}    }}\n",
        docs(one),
        one.name,
        arguments(one),
        answer(one),
    )
}

fn plain(source: &Source, one: &Statement, text: &Text) -> String {
    let values: Vec<_> = text.places.iter().map(|place| format!("Value::from({place})")).collect();
    let values = format!("let values: Vec<Value> = vec![{}];", values.join(", "));
    let sql = format!("{}[0]", constant(one));
    let run = match one.kind {
        Kind::Many => format!(
            "let found: Vec<Row> = db.exec({sql}, values).await?;
        found.into_iter().map(|mut row| Ok({})).collect()",
            row(source, one)
        ),
        Kind::Optional => format!(
            "let Some(mut row): Option<Row> = db.exec_first({sql}, values).await? else {{ return Ok(None) }};
        Ok(Some({}))",
            row(source, one)
        ),
        Kind::Changed | Kind::Each => format!("{}\n        Ok(changed)", execute(&sql, "changed", "affected_rows()")),
        Kind::Inserted => {
            format!("{}\n        Ok(id)", execute(&sql, "id", "last_insert_id().unwrap_or_default()"))
        }
    };
    format!("        {values}\n        {run}\n")
}

/// As many rows in one statement as the largest power of two that is left allows, until none is left.
fn each(source: &Source, one: &Statement, text: &Text) -> String {
    let column = |place: &String| source.row_of(one)?.columns.iter().find(|column| column.name == *place);
    let push = |field: &Field| format!("                values.push(Value::from({}));\n", borrowed(field));
    let values: String = text.places.iter().filter_map(column).map(push).collect();
    format!(
        "        let mut found = 0;
        let mut rest = rows;
        while !rest.is_empty() {{
            let size = rest.len().min(ROWS_MAX).ilog2() as usize;
            let (these, later) = rest.split_at(1 << size);
            let mut values: Vec<Value> = Vec::with_capacity(these.len() * {});
            for row in these {{
{values}            }}
            {}
            found += changed;
            rest = later;
        }}
        Ok(found)
",
        text.places.len(),
        execute(&format!("{}[size]", constant(one)), "changed", "affected_rows()")
    )
}

/// A row's column as an argument: text and bytes are lent, the others are copied.
fn borrowed(field: &Field) -> String {
    let lent = match (field.of, field.shape) {
        (Type::Text | Type::Bytes, Shape::Null) => ".as_deref()",
        (Type::Text, _) => ".as_str()",
        (Type::Bytes, _) => ".as_slice()",
        _ => "",
    };
    format!("row.{}{lent}", field.name)
}

fn chunked(source: &Source, one: &Statement, text: &Text, list: &str) -> String {
    let mut values = String::new();
    for place in &text.places {
        let is_list = one.argument(place).is_some_and(|field| field.shape == Shape::List);
        let push = if is_list {
            format!("values.extend(padded({list}).map(|value| Value::from(*value)));")
        } else {
            format!("values.push(Value::from({place}));")
        };
        values.push_str(&format!("            {push}\n"));
    }
    let sql = format!("{}[size]", constant(one));
    let (start, each) = match one.kind {
        Kind::Many => {
            let each = format!(
                "let rows: Vec<Row> = db.exec({sql}, values).await?;
            for mut row in rows {{
                found.push({});
            }}",
                row(source, one)
            );
            ("Vec::new()", each)
        }
        _ => ("0", format!("{}\n            found += changed;", execute(&sql, "changed", "affected_rows()"))),
    };
    format!(
        "        let mut found = {start};
        for {list} in {list}.chunks(LIST_MAX) {{
            let size = {list}.len().next_power_of_two().ilog2() as usize;
            let mut values: Vec<Value> = Vec::new();
{values}            {each}
        }}
        Ok(found)
"
    )
}

fn row(source: &Source, one: &Statement) -> String {
    literal(source, one, |index| format!("column(&mut row, {index})?"))
}

fn execute(sql: &str, name: &str, figure: &str) -> String {
    format!(
        "let result = db.exec_iter({sql}, values).await?;
        let {name} = result.{figure};
        result.drop_result().await?;"
    )
}
