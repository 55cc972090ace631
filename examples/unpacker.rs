//! Puts the module of the package together again from the text in which scripts carry it: a module of its own, of 1.6 kB,
//! that scripts run first. In JavaScript it would take a page many times as long, since all of it runs once.
//!
//! What functions consist of is in lists of what is alike, all opcodes in one, all numbers of locals in another: compressed,
//! that is a sixth less than the same parts in turn. `scripts/lib/module-text.mjs` makes the text, and takes the functions
//! apart with this same code, so the binary format (<https://webassembly.github.io/spec/core/binary/>) is known here alone.

// It works on memory that JavaScript has filled, and must hold no checks that end in a panic: their texts would be most of it.
#![allow(unsafe_code)]

/// Lists of what functions consist of, in the order in which they compress best. None has the number 0.
mod list {
    pub const OTHER: u8 = 1;
    pub const GLOBAL: u8 = 2;
    pub const LABEL: u8 = 3;
    pub const LOCAL: u8 = 4;
    pub const TYPE: u8 = 5;
    pub const FUNCTION: u8 = 6;
    pub const INTEGER: u8 = 7;
    pub const STORE_OFFSET: u8 = 8;
    pub const LOAD_OFFSET: u8 = 9;
    pub const LONG_INTEGER: u8 = 10;
    pub const OPCODE: u8 = 11;
    pub const LOCALS: u8 = 12;
    pub const BLOCK_TYPE: u8 = 13;
}

/// How many places of lists there are.
const LISTS: usize = 16;

/// The lists of the one or two operands, numbers all of them, that an opcode has; the second one in the upper half.
const OPERANDS: [u8; 0x100] = {
    let mut operands = [0; 0x100];
    let mut opcode = 0;
    while opcode < operands.len() {
        operands[opcode] = match opcode {
            0x02..=0x04 => list::BLOCK_TYPE,
            0x0c..=0x0e => list::LABEL,
            0x10 => list::FUNCTION,
            0x11 => list::TYPE | list::OTHER << 4,
            0x20..=0x22 => list::LOCAL,
            0x23..=0x24 => list::GLOBAL,
            0x28..=0x35 => list::OTHER | list::LOAD_OFFSET << 4,
            0x36..=0x3e => list::OTHER | list::STORE_OFFSET << 4,
            0x41 => list::INTEGER,
            0x42 => list::LONG_INTEGER,
            0x1c => list::OTHER | list::OTHER << 4,
            0x25..=0x26 | 0x3f..=0x40 | 0xd0..=0xd2 => list::OTHER,
            _ => 0,
        };
        opcode += 1;
    }
    operands
};

/// What moves the parts of functions between the module, and one list for each kind: to the module if it joins them.
struct Mover<const JOINS: bool> {
    /// What is next in the module.
    module: *mut u8,
    /// What is next in each list.
    lists: [*mut u8; LISTS],
}

impl<const JOINS: bool> Mover<JOINS> {
    /// All functions of a module, beginning with their number.
    fn move_functions(&mut self) {
        for _ in 0..self.move_number(list::OTHER) {
            let begin = self.module;
            if !JOINS {
                self.skip_size();
            }
            for _ in 0..self.move_number(list::LOCALS) {
                self.move_number(list::LOCALS);
                self.move_number(list::LOCALS);
            }
            self.move_instructions();
            if JOINS {
                self.insert_size(begin);
            }
        }
    }

    /// Up to the end of the function.
    fn move_instructions(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            let opcode = self.move_byte(list::OPCODE);
            let mut operands = OPERANDS[usize::from(opcode)];
            match opcode {
                0x02..=0x04 => depth += 1,
                0x0b => depth -= 1,
                // So many labels, and one for the rest.
                0x0e => {
                    for _ in 0..self.move_number(list::LABEL) {
                        self.move_number(list::LABEL);
                    }
                }
                // Numbers with a fraction, of four bytes or eight.
                0x43 | 0x44 => {
                    for _ in 0..(opcode - 0x42) * 4 {
                        self.move_byte(list::OTHER);
                    }
                }
                0xfc => {
                    operands = match self.move_byte(list::OPCODE) {
                        0..=7 => 0,
                        8 | 10 | 12 | 14 => list::OTHER | list::OTHER << 4,
                        _ => list::OTHER,
                    }
                }
                _ => {}
            }
            while operands > 0 {
                while self.move_byte(operands % 16) > 0x7f {}
                operands >>= 4;
            }
        }
    }

    #[inline(never)]
    fn move_number(&mut self, list: u8) -> u32 {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.move_byte(list);
            number |= u32::from(byte & 0x7f) << (shift & 31);
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    }

    #[inline(always)]
    fn move_byte(&mut self, list: u8) -> u8 {
        let in_list = &mut self.lists[usize::from(list) % LISTS];
        // SAFETY: JavaScript has made room for all of them.
        unsafe {
            let (from, to) = if JOINS { (*in_list, self.module) } else { (self.module, *in_list) };
            let byte = *from;
            *to = byte;
            *in_list = in_list.add(1);
            self.module = self.module.add(1);
            byte
        }
    }

    /// The size of a function is in no list, since it follows from the rest.
    fn skip_size(&mut self) {
        // SAFETY: as in `move_byte`.
        unsafe {
            while *self.module > 0x7f {
                self.module = self.module.add(1);
            }
            self.module = self.module.add(1);
        }
    }

    /// Puts its size before a function that begins there and has come to its end.
    fn insert_size(&mut self, begin: *mut u8) {
        let size = self.module as usize - begin as usize;
        let mut digits = 1;
        while size >> (7 * digits) > 0 {
            digits += 1;
        }
        // SAFETY: the module is longer than what is there of it.
        unsafe {
            begin.copy_to(begin.add(digits), size);
            for digit in 0..digits {
                let more = if digit + 1 < digits { 0x80 } else { 0 };
                *begin.add(digit) = (size >> (7 * digit)) as u8 & 0x7f | more;
            }
            self.module = self.module.add(digits);
        }
    }
}

/// Moves all functions of a module from there into lists, which are where `lists` says, and are where it says then when they have
/// ended. Returns where the functions have ended.
///
/// # Safety
///
/// There must be a well-formed module, and room for all of it in each list.
#[cfg(takes_apart)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn take_apart(module: *mut u8, lists: &mut [*mut u8; LISTS]) -> *mut u8 {
    let mut mover = Mover::<false> { module, lists: *lists };
    mover.move_functions();
    *lists = mover.lists;
    mover.module
}

/// Makes a module of its text, which has so many characters. The module begins where twice as many would end. Returns its size.
///
/// # Safety
///
/// The text must be what `scripts/lib/module-text.mjs` makes, and three times as much memory must be there after it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unpack(text: *mut u8, size: usize) -> usize {
    // SAFETY: as above.
    unsafe {
        let parts = text.add(size);
        read_text(text, parts);
        let header = parts.cast::<Header>().read_unaligned();
        let module = parts.add(size);
        let before = header.after - header.before;
        module.copy_from(parts.add(header.before), before);
        let lists = header.lists.map(|place| parts.add(place));
        let mut mover = Mover::<true> { module: module.add(before), lists };
        mover.move_functions();
        let moved = mover.module as usize - module as usize;
        mover.module.copy_from(parts.add(header.after), header.size - moved);
        header.size
    }
}

/// What the parts of a module begin with. Places count from there.
#[repr(C)]
struct Header {
    /// Where the lists begin.
    lists: [usize; LISTS],
    /// Where that begins which is before the functions, and ends where it goes on after them.
    before: usize,
    after: usize,
    /// How many bytes the module has.
    size: usize,
}

/// Each of these characters is the first of two.
const PREFIXES: [u8; 2] = *b".=";

/// Writes the bytes for which the characters from `text` to `bytes` stand. They begin with the codes of the bytes 0 to 255.
unsafe fn read_text(mut text: *const u8, mut bytes: *mut u8) {
    let end = bytes.cast_const();
    // By code: for a prefix, which is no code itself, where those begin that have it.
    let mut byte_of_code = [0_u16; 512];
    byte_of_code[usize::from(PREFIXES[0])] = 256;
    byte_of_code[usize::from(PREFIXES[1])] = 384;
    // SAFETY: there are no more bytes than characters.
    unsafe {
        for byte in 0..256 {
            let mut code = usize::from(*text);
            if byte_of_code[code] > 0xff {
                text = text.add(1);
                code = (usize::from(byte_of_code[code]) + usize::from(*text)) % 512;
            }
            byte_of_code[code] = byte;
            text = text.add(1);
        }
        while text < end {
            let mut byte = byte_of_code[usize::from(*text)];
            if byte > 0xff {
                text = text.add(1);
                byte = byte_of_code[(usize::from(byte) + usize::from(*text)) % 512];
            }
            *bytes = byte as u8;
            bytes = bytes.add(1);
            text = text.add(1);
        }
    }
}
