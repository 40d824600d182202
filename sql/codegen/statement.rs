//! What a statement is once it was read.

/// The databases that functions are generated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Mysql,
}

impl Engine {
    pub const ALL: [Engine; 2] = [Engine::Sqlite, Engine::Mysql];

    /// As it is written in `-- sqlite:`, and the name of the generated module.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Mysql => "mysql",
        }
    }
}

/// What a statement answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every row.
    Many,
    /// The first row, if there is one.
    Optional,
    /// How many rows were matched and changed.
    Changed,
    /// The number that the database gave to the new row.
    Inserted,
    /// It takes a slice of rows, and answers how many rows were changed for all of them.
    Each,
}

impl Kind {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            ":many" => Some(Self::Many),
            ":optional" => Some(Self::Optional),
            ":changed" => Some(Self::Changed),
            ":inserted" => Some(Self::Inserted),
            ":each" => Some(Self::Each),
            _ => None,
        }
    }

    /// Whether its `-- row` is what it answers.
    pub fn answers_rows(self) -> bool {
        matches!(self, Self::Many | Self::Optional)
    }

    /// Whether it has a `-- row` at all.
    pub fn has_row(self) -> bool {
        self.answers_rows() || self == Self::Each
    }
}

/// A type of SQL and of Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    U64,
    I64,
    Text,
    Bytes,
    /// 16 bytes.
    Uuid,
    /// Money: up to 38 digits.
    Amount,
    /// What money is counted in.
    Asset,
}

impl Type {
    pub const NAMES: &'static str = "u64, i64, text, bytes, uuid, amount, asset";

    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "u64" => Some(Self::U64),
            "i64" => Some(Self::I64),
            "text" => Some(Self::Text),
            "bytes" => Some(Self::Bytes),
            "uuid" => Some(Self::Uuid),
            "amount" => Some(Self::Amount),
            "asset" => Some(Self::Asset),
            _ => None,
        }
    }

    /// As an argument.
    pub fn borrowed(self) -> &'static str {
        match self {
            Self::Text => "&str",
            Self::Bytes => "&[u8]",
            _ => self.owned(),
        }
    }

    /// In a row.
    pub fn owned(self) -> &'static str {
        match self {
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::Text => "String",
            Self::Bytes => "Vec<u8>",
            Self::Uuid => "[u8; 16]",
            Self::Amount => "Amount",
            Self::Asset => "Asset",
        }
    }
}

/// How often a value is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    One,
    Null,
    List,
}

/// A named argument or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub of: Type,
    pub shape: Shape,
}

/// A row struct, shared by the statements of all files that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub columns: Vec<Field>,
}

/// The text for one database, with `?` where values go and the argument that goes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub engine: Engine,
    pub sql: String,
    pub places: Vec<String>,
}

/// What comes before the values of a row, without the `(`'s company of a function: `VALUES(column)` is something else.
const TUPLE: &str = "VALUES (";

/// One named statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub file: String,
    pub line: usize,
    pub name: String,
    pub kind: Kind,
    pub docs: Vec<String>,
    pub arguments: Vec<Field>,
    pub row: Option<String>,
    pub texts: Vec<Text>,
}

impl Statement {
    pub fn argument(&self, name: &str) -> Option<&Field> {
        self.arguments.iter().find(|field| field.name == name)
    }

    pub fn list(&self) -> Option<&Field> {
        self.arguments.iter().find(|field| field.shape == Shape::List)
    }

    /// The text's `(...)` behind `VALUES`, which is repeated where one statement takes many rows.
    pub fn tuple(text: &str) -> Option<&str> {
        let rest = &text[text.find(TUPLE)? + TUPLE.len() - 1..];
        Some(&rest[..=rest.find(')')?])
    }
}

/// Everything under `sql/queries/`.
#[derive(Debug, Default)]
pub struct Source {
    pub rows: Vec<Row>,
    pub statements: Vec<Statement>,
}

impl Source {
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// The row that a statement answers or takes.
    pub fn row_of(&self, one: &Statement) -> Option<&Row> {
        self.row(one.row.as_deref()?)
    }
}
