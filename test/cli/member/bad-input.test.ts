import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHome } from '../../../node/headless/home.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { emptyRelay, founder, guestOf, memberOf, PATIENCE, type Person, person } from './terminal.ts'

/** Nobody listens there: a port that a browser would not even dial. */
const NOBODY = 'http://127.0.0.1:1'

/** Everything that is kept in a home, but what the log says of itself: it signs a new tree when it likes. */
async function kept(someone: Person): Promise<unknown> {
  const home = openHome(someone.home)
  try {
    return (await home.list('')).filter(([key]) => !key.startsWith('checkpoint'))
  } finally {
    home.close()
  }
}

describe('bad input at the terminal', { timeout: PATIENCE }, () => {
  const words = ['--words-file', 'words.txt']
  const id = 'A'.repeat(43)

  test.each<readonly [why: string, args: readonly string[], code: string]>([
    ['a link that is none', ['join', 'nonsense', '--name', 'Bo', ...words], 'invitation-damaged'],
    ['a link cut short', ['join', `${NOBODY}/#/i/AAAA`, '--name', 'Bo', ...words], 'invitation-damaged'],
    [
      'a founding link for an invitation',
      ['join', `${NOBODY}/#/found/AAAA`, '--name', 'Bo', ...words],
      'invitation-damaged',
    ],
    [
      'a founding link that is none',
      ['community', 'create', 'x', '--name', 'A', '--member', 'B', ...words],
      'link-damaged',
    ],
    ['no name', ['join', `${NOBODY}/#/i/AAAA`, ...words], 'usage'],
    [
      'words of no list',
      ['join', `${NOBODY}/#/i/AAAA`, '--name', 'Bo', '--words-file', 'nonsense.txt'],
      'phrase-wrong',
    ],
    [
      'words without end',
      ['join', `${NOBODY}/#/i/AAAA`, '--name', 'Bo', '--words-file', '/dev/zero'],
      'phrase-wrong',
    ],
    [
      'no file of words',
      ['join', `${NOBODY}/#/i/AAAA`, '--name', 'Bo', '--words-file', 'none.txt'],
      'file-unreadable',
    ],
    ['a relay that is no address', ['community', 'show', '--relay', 'ftp://x'], 'relay-invalid'],
    ['a relay where nobody answers', ['community', 'show', '--relay', NOBODY], 'relay-unreachable'],
    ['no relay that is known', ['invite'], 'relay-missing'],
    ['a span of no unit', ['invite', '--expires', '7'], 'usage'],
    ['a span of nothing', ['invite', '--expires', '0d'], 'usage'],
    ['a key that is none', ['invite', '--for', 'short'], 'usage'],
    ['an id of another spelling', ['room', 'end', `${'A'.repeat(42)}B`], 'usage'],
    ['no minutes', ['attest', id, '--room', id, '--minutes', '0'], 'usage'],
    ['more minutes than a day has', ['attest', id, '--room', id, '--minutes', '1441'], 'usage'],
    ['a reason that is none', ['ban', id, '--reason', 'dislike', ...words], 'usage'],
    ['no reason', ['ban', id, ...words], 'usage'],
    ['a cut that is no index', ['ban', id, '--reason', 'spam', '--cut', '-1', ...words], 'usage'],
    ['more signatures than keys', ['community', 'council', '2', id, ...words], 'council-impossible'],
    ['a council of nobody', ['community', 'council', '0', id, ...words], 'usage'],
    ['a command that there is not', ['vote'], 'usage'],
    ['an option that there is not', ['invite', '--free'], 'usage'],
    ['an argument too many', ['claim', 'now'], 'usage'],
  ])('%s', async (_, args, code) => {
    const bo = person()
    writeFileSync(join(bo.folder, 'nonsense.txt'), 'correct horse battery staple')
    await bo.ask('identity', 'new', ...words)
    const { status, stdout, stderr } = await bo.type(...args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(new RegExp(`^[^\\n]+ \\(${code}\\)\\n$`))
    expect(await bo.refused(...args)).toBe(`2 ${code}`)
    // A home may have been made; nothing is in it.
    if (existsSync(bo.home)) expect(await kept(bo)).toEqual([])
  })

  test('what is no request changes nothing, here or in the ledger', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const other = await founder(await emptyRelay())
    const before = await kept(awa)
    await other.ask('ban', '--reason', 'spam', ...words, '--out', 'ban.json', '--', await memberOf(other))
    const foreign = join(other.folder, 'ban.json')
    const request = JSON.parse(readFileSync(foreign, 'utf8'))
    const cases: readonly (readonly [text: string, code: string])[] = [
      ['', 'request-malformed'],
      ['{}', 'request-malformed'],
      ['[1, 2', 'request-malformed'],
      ['null', 'request-malformed'],
      [JSON.stringify({ ...request, version: 2 }), 'request-malformed'],
      [JSON.stringify({ ...request, statement: '#' }), 'request-malformed'],
      [JSON.stringify({ ...request, statement: 'x'.repeat(20_000) }), 'request-malformed'],
      [JSON.stringify({ ...request, statement: 'oA' }), 'field-missing'],
      [JSON.stringify(request), 'foreign-community'],
    ]
    for (const [text, code] of cases) {
      writeFileSync(join(awa.folder, 'request.json'), text)
      for (const command of ['sign', 'submit']) {
        expect(await awa.refused(command, 'request.json', ...(command === 'sign' ? words : []))).toBe(
          `2 ${code}`,
        )
      }
      expect(readFileSync(join(awa.folder, 'request.json'), 'utf8')).toBe(text)
    }
    expect(await awa.refused('submit', 'none.json')).toBe('2 file-unreadable')
    expect(await kept(awa)).toEqual(before)
  })

  test('a home that another process has, or that is none, is left alone', async () => {
    const bo = person()
    const home = openHome(bo.home)
    expect(await bo.refused('identity', 'show')).toBe('2 other-tab')
    home.close()
    expect(await bo.ask('identity', 'show')).toEqual([])
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'home'), 'a file')
    expect(await person(folder).refused('identity', 'show')).toBe('2 storage-unavailable')
    mkdirSync(join(folder, 'other', 'peer'), { recursive: true })
    expect(await person(folder, 'other').refused('identity', 'show')).toBe('2 storage-unavailable')
  })

  test('a name that is none is refused before anybody is asked', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const { link } = await awa.ask<{ link: string }>('invite')
    const bo = person()
    await bo.ask('identity', 'new', ...words)
    for (const name of ['', '   ', 'x'.repeat(41), 'a\u202eb'])
      expect(await bo.refused('join', link, '--name', name, ...words)).toBe('2 name-invalid')
    expect(await kept(bo)).toEqual([])
    await guestOf(awa, 'Cee')
  })
})
