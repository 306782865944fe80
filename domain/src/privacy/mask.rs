//! Showing that there is something personal without showing it: until somebody opens it.

/// What stands for a hidden character.
const HIDDEN: char = '*';
/// Characters left at the two ends of a long number.
const HEAD: usize = 3;
const TAIL: usize = 4;

/// A name with all but its first character hidden: `欧阳某` becomes `欧**`.
pub fn mask_name(name: &str) -> String {
    let name = name.trim();
    name.chars().enumerate().map(|(at, c)| if at == 0 && name.chars().count() > 1 { c } else { HIDDEN }).collect()
}

/// A number or address one is reached at: `139****1100`, `w***@example.com`. The shorter, the more is hidden.
pub fn mask_contact(contact: &str) -> String {
    let contact = contact.trim();
    if let Some((local, domain)) = contact.split_once('@') {
        let first = local.chars().next().filter(|_| local.chars().count() > 1);
        return first.into_iter().chain([HIDDEN; 3]).chain(['@']).chain(domain.chars()).collect();
    }
    let count = contact.chars().count();
    let (head, tail) = match count {
        0..=4 => (0, 0),
        5..=9 => (1, 1),
        _ => (HEAD, TAIL),
    };
    let shown = |at: usize| at < head || at >= count - tail;
    contact.chars().enumerate().map(|(at, c)| if shown(at) { c } else { HIDDEN }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_their_first_character() {
        for (name, shown) in [("", ""), ("甲", "*"), ("张某", "张*"), (" 欧阳某 ", "欧**"), ("Li Si", "L****")]
        {
            assert_eq!(mask_name(name), shown);
        }
    }

    #[test]
    fn numbers_show_their_ends() {
        for (contact, shown) in [
            ("", ""),
            ("8123", "****"),
            ("8123456", "8*****6"),
            ("0000-8123456", "000*****3456"),
            ("19900001100", "199****1100"),
            ("w@example.com", "***@example.com"),
            ("wang@example.com", "w***@example.com"),
        ] {
            assert_eq!(mask_contact(contact), shown);
        }
    }
}
