//! Options whose value is one of a few words.

use syn::Lit;

use super::spec::Given;
use super::value::{Arguments, Value};
use crate::errors::{Errors, nearest, one_of};

/// A word that an option may be set to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    word: &'static str,
    /// How it is written.
    example: &'static str,
    takes: Takes,
    /// For a word that this version doesn't support: what to write instead.
    instead: Option<&'static str>,
}

/// Whether parentheses follow a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Perhaps,
    Something,
}

impl Choice {
    pub(crate) const fn word(word: &'static str) -> Self {
        Self {
            word,
            example: word,
            takes: Takes::Nothing,
            instead: None,
        }
    }

    pub(crate) const fn perhaps_with(word: &'static str, example: &'static str) -> Self {
        Self {
            word,
            example,
            takes: Takes::Perhaps,
            instead: None,
        }
    }

    pub(crate) const fn with(word: &'static str, example: &'static str) -> Self {
        Self {
            word,
            example,
            takes: Takes::Something,
            instead: None,
        }
    }

    pub(crate) const fn not_yet(word: &'static str, instead: &'static str) -> Self {
        Self {
            word,
            example: word,
            takes: Takes::Perhaps,
            instead: Some(instead),
        }
    }
}

/// The word that was chosen. It is available, and has parentheses where it needs them.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    pub(crate) word: &'static str,
    pub(crate) arguments: Option<&'a Arguments>,
}

/// Finds the word that was chosen. `or` says what else the option accepts, for the help of a message.
pub(crate) fn choose<'a>(
    option: &'a Given<Value>,
    choices: &[Choice],
    or: &str,
    errors: &mut Errors,
) -> Option<Chosen<'a>> {
    let name = &option.keyword;
    let Value::Word(written) = &option.value else {
        let help = meant(&option.value, choices)
            .unwrap_or_else(|| format!("write {}{or}", examples(choices)));
        errors.at(
            &option.value,
            format_args!("`{name}` doesn't accept this value"),
            help,
        );
        return None;
    };
    let word = written.word.to_string();
    let Some(choice) = choices.iter().find(|choice| choice.word == word) else {
        let help = match nearest(&word, choices.iter().map(|choice| choice.word)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write {}{or}", examples(choices)),
        };
        errors.at(
            &option.value,
            format_args!("`{name}` doesn't accept `{word}`"),
            help,
        );
        return None;
    };
    if let Some(instead) = choice.instead {
        errors.not_yet(&option.value, &format!("{name} = {word}"), instead);
        return None;
    }
    match (choice.takes, &written.arguments) {
        (Takes::Nothing, Some(arguments)) => errors.at(
            arguments,
            format_args!("`{word}` takes nothing in parentheses"),
            format_args!("write `{name} = {word}`"),
        ),
        (Takes::Something, None) => errors.at(
            written,
            format_args!("`{word}` needs something in parentheses"),
            format_args!("write for example `{name} = {}`", choice.example),
        ),
        _ => {
            return Some(Chosen {
                word: choice.word,
                arguments: written.arguments.as_ref(),
            });
        }
    }
    None
}

/// For a value that was close: the word in quotes, or what belongs in its parentheses.
fn meant(value: &Value, choices: &[Choice]) -> Option<String> {
    let Value::Literal(literal) = value else {
        return None;
    };
    match literal {
        Lit::Str(text) => without_quotes(&text.value(), choices),
        Lit::Int(number) => choices
            .iter()
            .find(|choice| choice.takes == Takes::Perhaps && choice.instead.is_none())
            .map(|choice| format!("write `{}({number})`", choice.word)),
        _ => None,
    }
}

fn without_quotes(text: &str, choices: &[Choice]) -> Option<String> {
    let word = text.split('(').next().unwrap_or_default();
    choices
        .iter()
        .any(|choice| choice.word == word)
        .then(|| format!("write `{text}` without quotes"))
}

fn examples(choices: &[Choice]) -> String {
    let available: Vec<&str> = choices
        .iter()
        .filter(|choice| choice.instead.is_none())
        .map(|choice| choice.example)
        .collect();
    one_of(&available)
}
