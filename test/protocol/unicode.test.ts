import { expect, it } from 'vitest'
import { isStableNfc } from '../../protocol/unicode.ts'

const characters: string[] = []
for (let point = 0; point <= 0x10ffff; point++) {
  if (point < 0xd800 || point > 0xdfff) characters.push(String.fromCodePoint(point))
}

/** Blocks in which nothing combines, open to characters to come. */
const OPEN = /[\u{1f000}-\u{1faff}\u{20000}-\u{2f7ff}\u{30000}-\u{3fffd}]/u

it('CODEC-8 knows the repertoire of Unicode 15.0, and the open blocks', () => {
  const known = characters.filter((character) => isStableNfc(character.normalize('NFC')))
  // Unicode 15.0 assigns 149,186 graphic and format characters, 65 controls and 137,468 for private use: 286,719, and 71,804 of them in the open blocks.
  const assigned = known.filter((character) => !OPEN.test(character))
  const ownBlocks = known.filter((character) => OPEN.test(character))
  expect(ownBlocks).toHaveLength(characters.filter((character) => OPEN.test(character)).length)
  expect(assigned.filter((character) => /\p{Cn}/u.test(character))).toEqual([])
  expect(assigned).toHaveLength(286_719 - 71_804)
})

it('CODEC-8 gives no character that came later a say in what is normal', () => {
  const later = ['\u0897', '\u1acf', '\u{105c9}', '\u{11383}', '\u{16121}', '\u{1e5ee}']
  expect(later.filter((character) => isStableNfc(`a${character}\u0323`))).toEqual([])
})

it('CODEC-8 tells normal from not normal in many scripts', () => {
  const normal = [
    '',
    'abc',
    'é',
    '한글',
    'नमस्ते',
    'עברית',
    'ภาษาไทย',
    '葛\u{e0100}',
    '👩‍🚀',
    '\u{1fae9}',
    'q\u0323\u0307',
  ]
  expect(normal.filter((text) => !isStableNfc(text))).toEqual([])
  const other = ['e\u0301', '\u1112\u1161\u11ab', '\u212b', 'q\u0307\u0323', '\u0958']
  expect(other.filter((text) => isStableNfc(text))).toEqual([])
})
