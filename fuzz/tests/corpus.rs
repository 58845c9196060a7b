//! Every input of the corpus through its target: what the fuzzer once found stays mended.

use std::path::{Path, PathBuf};

use stormgrid_fuzz::targets::TARGETS;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

/// One test, so that nothing else allocates while a target counts its memory.
#[test]
fn the_corpus_holds_and_every_target_has_one() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut n = 0;
    for (name, target) in TARGETS {
        let inputs = files(&corpus.join(name));
        assert!(!inputs.is_empty(), "{name} has no corpus");
        for path in inputs {
            println!("{}", path.display());
            let bytes = std::fs::read(&path).expect("readable");
            target(&bytes);
            // Cut off, and with a byte turned: the commonest damage.
            target(&bytes[..bytes.len() / 2]);
            for at in (0..bytes.len()).step_by(1 + bytes.len() / 16) {
                let mut turned = bytes.clone();
                turned[at] ^= 0x11;
                target(&turned);
            }
            n += 1;
        }
    }
    println!("{n} inputs");
}
