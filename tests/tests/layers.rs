//! The layers of ARCHITECTURE.md, read from the imports: nothing imports upward, no file imports one that imports it, and the
//! engine and the HTTP core name no framework.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Item, UseTree};

/// The runtime's modules, from the ground up. A module imports those of its own line and of the lines above it.
const LAYERS: [&[&str]; 9] = [
    &["clock", "digest", "hex", "json_pointer", "refusal"],
    &["outcome", "policy", "scope"],
    &["fingerprint", "identity", "key"],
    &["operation", "store"],
    &["engine"],
    &["idempotency"],
    &["attempt"],
    &["http"],
    &["actix", "axum", "task"],
];

/// Crates that know requests and responses in types of their own.
const FRAMEWORKS: [&str; 9] = [
    "actix_http",
    "actix_rt",
    "actix_web",
    "axum",
    "http",
    "http_body",
    "http_body_util",
    "tower_layer",
    "tower_service",
];

struct Source {
    /// The modules above the file, and its own.
    module: Vec<String>,
    imports: Imports,
}

/// Paths that a file names, by their segments.
#[derive(Default)]
struct Imports {
    paths: BTreeSet<Vec<String>>,
    prefix: Vec<String>,
}

impl Imports {
    fn of_use(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                self.prefix.push(path.ident.to_string());
                self.of_use(&path.tree);
                self.prefix.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|it| self.of_use(it)),
            UseTree::Name(name) => self.end(&name.ident.to_string()),
            UseTree::Rename(rename) => self.end(&rename.ident.to_string()),
            UseTree::Glob(_) => self.end("*"),
        }
    }

    fn end(&mut self, last: &str) {
        let mut path = self.prefix.clone();
        path.push(last.to_owned());
        self.paths.insert(path);
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast Item) {
        let attrs = match item {
            Item::Mod(module) => &module.attrs,
            _ => &Vec::new(),
        };
        // Tests may look at anything.
        let is_test = attrs.iter().any(|attr| {
            attr.path().is_ident("cfg")
                && attr
                    .meta
                    .require_list()
                    .is_ok_and(|list| list.tokens.to_string().contains("test"))
        });
        if !is_test {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.of_use(&item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|it| it.ident.to_string());
        let names: Vec<String> = names.collect();
        if names.len() > 1 {
            self.paths.insert(names);
        }
        visit::visit_path(self, path);
    }
}

fn sources(root: &Path) -> BTreeMap<PathBuf, Source> {
    let mut found = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let mut imports = Imports::default();
                imports.visit_file(&syn::parse_file(&text).unwrap());
                let module = module(path.strip_prefix(root).unwrap());
                found.insert(path, Source { module, imports });
            }
        }
    }
    found
}

fn module(file: &Path) -> Vec<String> {
    let names = file.with_extension("");
    let names = names.iter().map(|it| it.to_str().unwrap().to_owned());
    let mut names: Vec<String> = names.collect();
    if names
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        names.pop();
    }
    names
}

/// A path as modules from the crate's root; `None` where it leads out of the crate.
fn absolute(path: &[String], from: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([from, rest].concat()),
        "super" => {
            let (_, parent) = from.split_last()?;
            let mut path = vec!["self".to_owned()];
            path.extend_from_slice(rest);
            if rest.first().is_some_and(|it| it == "super") {
                return absolute(rest, parent);
            }
            absolute(&path, parent)
        }
        _ => None,
    }
}

fn runtime() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../idempotent-runtime/src")
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn no_module_imports_upward() {
    let mut upward = Vec::new();
    for (file, source) in sources(&runtime()) {
        let Some(own) = source.module.first() else {
            continue;
        };
        let height = layer(own).unwrap_or_else(|| panic!("`{own}` is in no layer"));
        for path in &source.imports.paths {
            let imported = absolute(path, &source.module);
            let imported = imported.and_then(|it| layer(it.first()?));
            if imported.is_some_and(|imported| imported > height) {
                upward.push(format!("{}: {}", file.display(), path.join("::")));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn only_doors_name_a_framework() {
    let mut named = Vec::new();
    for (file, source) in sources(&runtime()) {
        let own = source.module.first().map(String::as_str);
        if matches!(own, Some("axum" | "actix")) {
            continue;
        }
        for path in &source.imports.paths {
            if FRAMEWORKS.contains(&path[0].as_str()) {
                named.push(format!("{}: {}", file.display(), path.join("::")));
            }
        }
    }
    assert!(named.is_empty(), "{named:#?}");
}

#[test]
fn no_file_imports_one_that_imports_it() {
    for root in ["../idempotent-runtime/src", "../idempotent-macros/src"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        assert_no_circle(&sources(&root));
    }
}

fn assert_no_circle(sources: &BTreeMap<PathBuf, Source>) {
    let files: BTreeMap<&[String], &PathBuf> = sources
        .iter()
        .map(|(file, source)| (source.module.as_slice(), file))
        .collect();
    // A parent shows what its children hold, so what is imported from a parent isn't counted.
    let imported = |source: &Source| -> BTreeSet<PathBuf> {
        let paths = source.imports.paths.iter();
        let absolute = paths.filter_map(|path| absolute(path, &source.module));
        let file = |path: Vec<String>| {
            let known = (1..=path.len())
                .rev()
                .find_map(|end| files.get(&path[..end]));
            known.map(|file| (*file).clone())
        };
        let is_a_child_or_parent = |file: &PathBuf| {
            let module = &sources[file].module;
            module.starts_with(&source.module) || source.module.starts_with(module)
        };
        absolute
            .filter_map(file)
            .filter(|file| !is_a_child_or_parent(file))
            .collect()
    };
    let graph: BTreeMap<&PathBuf, BTreeSet<PathBuf>> = sources
        .iter()
        .map(|(file, source)| (file, imported(source)))
        .collect();
    let mut done = BTreeSet::new();
    for file in graph.keys() {
        follow(file, &graph, &mut Vec::new(), &mut done);
    }
}

fn follow(
    file: &PathBuf,
    graph: &BTreeMap<&PathBuf, BTreeSet<PathBuf>>,
    trail: &mut Vec<PathBuf>,
    done: &mut BTreeSet<PathBuf>,
) {
    if let Some(start) = trail.iter().position(|it| it == file) {
        panic!("a circle: {:#?}", &trail[start..]);
    }
    if done.contains(file) {
        return;
    }
    trail.push(file.clone());
    for next in &graph[file] {
        follow(next, graph, trail, done);
    }
    trail.pop();
    done.insert(file.clone());
}
