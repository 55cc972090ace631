//! The part of regular expressions that tests listen with: characters, `.`, `*`, `^`, `$`, and `\` before any of them.

/// A pattern that matches anywhere in a name, unless it is anchored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub text: String,
    is_anchored: bool,
    atoms: Vec<Atom>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Atom {
    One(Matched),
    Any(Matched),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matched {
    Character(char),
    Everything,
}

impl Pattern {
    /// `None` if it is not a regular expression. Panics on what would need more of them than there is here.
    pub fn new(text: &str) -> Option<Self> {
        let is_anchored = text.starts_with('^');
        let mut characters = text.strip_prefix('^').unwrap_or(text).chars();
        let mut atoms = Vec::new();
        while let Some(character) = characters.next() {
            let matched = match character {
                '(' | '[' if !text.contains([')', ']']) => return None,
                '*' => match atoms.pop() {
                    Some(Atom::One(matched)) => {
                        atoms.push(Atom::Any(matched));
                        continue;
                    }
                    _ => return None,
                },
                '$' => {
                    atoms.push(Atom::End);
                    continue;
                }
                '.' => Matched::Everything,
                '\\' => Matched::Character(characters.next()?),
                '(' | ')' | '[' | ']' | '{' | '}' | '|' | '?' | '+' | '^' => panic!("{text} is not supported here"),
                other => Matched::Character(other),
            };
            atoms.push(Atom::One(matched));
        }
        Some(Self { text: text.into(), is_anchored, atoms })
    }

    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let last_start = if self.is_anchored { 0 } else { name.len() };
        (0..=last_start).any(|start| matches_here(&self.atoms, &name[start..]))
    }
}

fn matches_here(atoms: &[Atom], name: &[char]) -> bool {
    let is = |matched: Matched, character: char| match matched {
        Matched::Character(expected) => expected == character,
        Matched::Everything => true,
    };
    match (atoms, name) {
        ([], _) => true,
        ([Atom::End, ..], _) => name.is_empty(),
        ([Atom::One(matched), atoms @ ..], [character, name @ ..]) => {
            is(*matched, *character) && matches_here(atoms, name)
        }
        ([Atom::One(_), ..], []) => false,
        ([Atom::Any(matched), rest @ ..], _) => {
            let most = name.iter().take_while(|character| is(*matched, **character)).count();
            (0..=most).any(|length| matches_here(rest, &name[length..]))
        }
    }
}
