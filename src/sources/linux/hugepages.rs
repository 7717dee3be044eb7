//! The pool of hugepages of a machine: `/sys/kernel/mm/hugepages`, a folder for each size of a page.

use super::cached_file::CachedFile;
use crate::units::Bytes;
use std::fs;
use std::path::Path;

/// The counts of pages of all sizes.
pub(super) struct HugepagePool {
    sizes: Vec<PageSize>,
}

/// The counts of pages of one size.
struct PageSize {
    kib: u64,
    pages: CachedFile,
    free_pages: CachedFile,
}

impl HugepagePool {
    /// The pool of the machine whose file system begins at `root`; without pages if it has no such folder.
    pub(super) fn below(root: &Path) -> Self {
        let folder = fs::read_dir(root.join("sys/kernel/mm/hugepages"));
        let sizes = folder.into_iter().flatten().flatten().filter_map(|entry| {
            // A folder is called hugepages-2048kB.
            let kib = entry.file_name().to_str()?.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
            let file = |name| CachedFile::new(entry.path().join(name));
            Some(PageSize { kib, pages: file("nr_hugepages"), free_pages: file("free_hugepages") })
        });
        Self { sizes: sizes.collect() }
    }

    /// The size of the pool and its free part. `None` where a count cannot be read, or there is no page size.
    pub(super) fn read(&mut self) -> Option<(Bytes, Bytes)> {
        let count = |file: &mut CachedFile| file.read(true, |text| text.trim().parse::<u64>().ok());
        let sizes = self.sizes.iter_mut().map(|size| {
            let pages = count(&mut size.pages)?;
            // Most machines have pages of one size only, or of none.
            let free = if pages > 0 { count(&mut size.free_pages)? } else { 0 };
            Some([pages, free].map(|pages| pages.saturating_mul(size.kib)))
        });
        let sum = |sum: [u64; 2], kib: [u64; 2]| [0, 1].map(|index| sum[index].saturating_add(kib[index]));
        let [pool, free] = sizes.collect::<Option<Vec<_>>>()?.into_iter().reduce(sum)?;
        Some((Bytes::from_kib(pool), Bytes::from_kib(free)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_is_the_sum_of_all_page_sizes() {
        let machine = tempfile::tempdir().unwrap();
        assert_eq!(HugepagePool::below(machine.path()).read(), None);
        let folder = machine.path().join("sys/kernel/mm/hugepages");
        for (size, pages, free) in [("hugepages-2048kB", 512, 500), ("hugepages-1048576kB", 2, 1), ("other", 9, 9)] {
            fs::create_dir_all(folder.join(size)).unwrap();
            fs::write(folder.join(size).join("nr_hugepages"), format!("{pages}\n")).unwrap();
            fs::write(folder.join(size).join("free_hugepages"), format!("{free}\n")).unwrap();
        }
        let mut pool = HugepagePool::below(machine.path());
        assert_eq!(pool.read(), Some((Bytes(3 << 30), Bytes((1 << 30) + 1_048_576_000))));
        fs::write(folder.join("hugepages-2048kB/nr_hugepages"), "0\n").unwrap();
        assert_eq!(pool.read(), Some((Bytes(2 << 30), Bytes(1 << 30))), "the pool became smaller");
        fs::write(folder.join("hugepages-2048kB/nr_hugepages"), "x\n").unwrap();
        assert_eq!(pool.read(), None, "not a sum of a part");
    }
}
