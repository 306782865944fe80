//! The directory of an OLE container (old xls, encrypted xlsx, Word …), read with every step bounded.
//!
//! calamine follows the container's sector chains without looking for circles, so that a damaged file would fill the
//! memory; what it would follow is walked here first.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

/// First bytes of every OLE container.
pub(crate) const MAGIC: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Ids from here on are no sectors: end of chain, free, reserved.
const FIRST_RESERVED: u32 = 0xFFFF_FFFA;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const ENTRY_BYTES: usize = 128;

struct Container<R> {
    source: R,
    sector_size: u64,
    sectors: u64,
    fat: Vec<u32>,
}

/// Names of the streams in the container, with their lengths in bytes. `None` when the container is damaged.
pub(crate) fn streams(mut source: impl Read + Seek) -> io::Result<Option<BTreeMap<String, u64>>> {
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(0))?;
    let mut header = Vec::new();
    source.by_ref().take(512).read_to_end(&mut header)?;
    let sector_size: u64 = match u16_at(&header, 30) {
        Some(9) => 512,
        Some(12) => 4_096,
        _ => return Ok(None),
    };
    let sectors = (length / sector_size).saturating_sub(1);
    let mut container = Container { source, sector_size, sectors, fat: Vec::new() };
    if !container.load_fat(&header)? {
        return Ok(None);
    }
    let Some(directory) = u32_at(&header, 48) else { return Ok(None) };
    let Some(directory) = container.chain(directory)? else { return Ok(None) };
    let streams = directory.chunks_exact(ENTRY_BYTES).filter_map(|entry| stream(entry, sector_size)).collect();
    let mini_fat_bytes = u32_at(&header, 64).map(|sectors| u64::from(sectors).saturating_mul(sector_size));
    let fits = |streams: &BTreeMap<String, u64>| streams.values().all(|bytes| *bytes <= length);
    Ok(Some(streams).filter(|streams| fits(streams) && mini_fat_bytes.is_some_and(|bytes| bytes <= length)))
}

impl<R: Read + Seek> Container<R> {
    fn sector(&mut self, id: u32) -> io::Result<Option<Vec<u8>>> {
        if u64::from(id) >= self.sectors {
            return Ok(None);
        }
        self.source.seek(SeekFrom::Start((u64::from(id) + 1) * self.sector_size))?;
        let mut bytes = Vec::new();
        self.source.by_ref().take(self.sector_size).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Loads the allocation table: its first 109 sectors are named in the header, more in a chain of their own.
    fn load_fat(&mut self, header: &[u8]) -> io::Result<bool> {
        let mut named: Vec<u32> = words(header.get(76..).unwrap_or_default()).collect();
        let mut next = u32_at(header, 68).unwrap_or(END_OF_CHAIN);
        let mut steps = 0;
        while next < FIRST_RESERVED {
            steps += 1;
            let Some(sector) = self.sector(next)?.filter(|_| steps <= self.sectors) else { return Ok(false) };
            named.extend(words(&sector));
            next = named.pop().unwrap_or(END_OF_CHAIN);
        }
        for id in named.into_iter().filter(|id| *id < FIRST_RESERVED) {
            if u64::try_from(self.fat.len()).unwrap_or(u64::MAX) > self.sectors.saturating_add(self.sector_size) {
                return Ok(false);
            }
            let Some(sector) = self.sector(id)? else { return Ok(false) };
            self.fat.extend(words(&sector));
        }
        Ok(true)
    }

    /// The bytes of a chain of sectors; `None` when it leaves the file or goes in a circle.
    fn chain(&mut self, first: u32) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let mut next = first;
        let mut steps = 0;
        while next != END_OF_CHAIN {
            steps += 1;
            let Some(sector) = self.sector(next)?.filter(|_| steps <= self.sectors) else { return Ok(None) };
            bytes.extend(sector);
            let Some(after) = usize::try_from(next).ok().and_then(|next| self.fat.get(next)) else { return Ok(None) };
            next = *after;
        }
        Ok(Some(bytes))
    }
}

fn stream(entry: &[u8], sector_size: u64) -> Option<(String, u64)> {
    let units = entry.get(..64)?.chunks_exact(2).filter_map(|pair| u16_at(pair, 0)).take_while(|unit| *unit != 0);
    let name: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let low = u64::from(u32_at(entry, 120)?);
    // Containers with small sectors leave the upper half undefined.
    let high = if sector_size == 512 { 0 } else { u64::from(u32_at(entry, 124)?) };
    (!name.is_empty()).then_some((name, (high << 32) | low))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).filter_map(|word| u32_at(word, 0))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
