//! Every host runs the same tests, because it includes the same files, which know nothing of it.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

const HOSTS: [&str; 2] = ["axum", "actix"];

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn targets_differ_by_their_hosts_name_alone() {
    for host in HOSTS {
        let target = read(format!("tests/{host}.rs"));
        let (_, code) = target.split_once("\n\n").unwrap();
        assert_eq!(
            code,
            format!(
                "#![allow(clippy::unwrap_used, missing_docs)]\n\n\
                 #[path = \"../hosts/{host}.rs\"]\nmod host;\n\
                 #[path = \"../suite/mod.rs\"]\nmod on_{host};\n"
            )
        );
    }
}

#[test]
fn the_suite_has_all_of_its_files_and_names_no_framework() {
    let list = read("suite/mod.rs");
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("suite")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            name == "mod" || list.contains(&format!("\nmod {name};\n")),
            "{name} is missing in suite/mod.rs"
        );
        for word in ["axum", "actix", "tower", "cfg("] {
            assert!(!text.contains(word), "{name} names `{word}`");
        }
    }
}
