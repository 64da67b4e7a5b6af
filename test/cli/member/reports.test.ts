import { describe, expect, test } from 'vitest'
import { emptyRelay, founder, guestOf, memberOf, PATIENCE, type Person, person, shown } from './terminal.ts'

const WORDS = ['--words-file', 'words.txt']

interface Row {
  readonly id: string
  readonly type: string
  readonly from: string
  readonly council: number
  readonly new: boolean
  readonly said?: {
    readonly of?: string
    readonly why?: string
    readonly words?: string
    readonly room?: string
  }
  readonly unreadable?: string
  readonly decision?: { readonly what: string; readonly why?: string; readonly lifted?: boolean }
}

const read = (by: Person, ...more: readonly string[]) => by.ask<Row[]>('reports', ...WORDS, ...more)

describe('what the council is told from a terminal', { timeout: PATIENCE }, () => {
  test('REPORT-1 a report is read by the council, and by nobody else', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const cee = await guestOf(awa, 'Cee')
    const [bos, cees] = [await memberOf(bo), await memberOf(cee)]
    const room = 'B'.repeat(42).concat('A')
    const { report, readers } = await bo.ask<{ report: string; readers: number }>(
      ...['report', '--reason', 'abuse', '--words', '  He shouted\nat me ', `--room=${room}`, '--', cees],
    )
    expect(readers).toBe(1)
    await bo.ask('report', '--reason', 'spam', '--', cees.slice(0, 8))

    const rows = await read(awa)
    expect(rows.map(({ type, from, council, new: isNew }) => [type, from, council, isNew])).toEqual([
      ['report', bos, 0, true],
      ['report', bos, 0, true],
    ])
    expect(rows[0]).toMatchObject({
      id: report,
      said: { of: cees, why: 'abuse', words: 'He shouted at me', room },
    })
    expect(rows[1]?.said).toEqual({ type: 'report', of: cees, why: 'spam' })
    // What was read is remembered here, and what comes later is new.
    expect(await read(awa, '--new')).toEqual([])
    await cee.ask('report', '--reason', 'other', '--words', 'No, he did.', '--', bos)
    expect((await read(awa, '--new')).map(({ from }) => from)).toEqual([cees])
    const { stdout } = await awa.type('reports', ...WORDS)
    expect(stdout).toContain('report by Bo\n  of Cee, for abuse, in room ')
    expect(stdout).toContain('\n  He shouted at me\n')

    expect(await bo.refused('reports', ...WORDS)).toBe('1 sealed-for-others')
    const own = (await bo.type('export')).stdout
    expect(own).toContain(report)
    expect(own).not.toContain('shouted')
  })

  test('SEAL-1 each of a council reads it, and a later council does not', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const cee = await guestOf(awa, 'Cee')
    const cees = await memberOf(cee)
    const { members } = await shown(awa, cees)
    const [first, second, third] = members.map(({ root }) => root) as [string, string, string]
    await awa.ask('community', 'council', ...WORDS, '--', '1', first, second)
    await cee.ask('report', '--reason', 'fake', '--words', 'to the two of you', '--', await memberOf(awa))
    for (const one of [awa, bo])
      expect((await read(one)).map(({ said, council }) => [said?.words, council])).toEqual([
        ['to the two of you', 1],
      ])
    expect(await cee.refused('reports', ...WORDS)).toBe('1 sealed-for-others')
    await bo.ask('community', 'council', ...WORDS, '--', '1', third)
    expect(await read(cee)).toEqual([])
    expect(await read(awa)).toHaveLength(1)
  })

  test('APPEAL-1 who is told, banned or cut off answers, once, and the council sees what it is about', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const dia = await guestOf(bo, 'Dia')
    const [bos, dias] = [await memberOf(bo), await memberOf(dia)]
    const appeal = (words: string, ...as: readonly string[]) => ['appeal', '--words', words, ...as] as const
    expect(await bo.refused(...appeal('What did I do?'))).toBe('1 appeal-needless')

    await awa.ask('community', 'notice', '--reason', 'spam', ...WORDS, '--', bos)
    await bo.ask(...appeal('It was my brother.'))
    expect(await bo.refused(...appeal('Really.'))).toBe('1 appeal-known')
    await awa.ask('ban', '--reason', 'abuse', '--cut', '0', ...WORDS, '--', bos)
    // No device of theirs is let in any more; their root is, for this.
    expect(await bo.refused(...appeal('Really.'))).toBe('1 not-member')
    await bo.ask(...appeal('Really.', ...WORDS))
    expect(await bo.refused(...appeal('Please.', ...WORDS))).toBe('1 appeal-known')
    await dia.ask(...appeal('And me?', ...WORDS))
    // It lets them do nothing else.
    expect(await bo.refused('report', '--reason', 'spam', '--', dias)).toBe('1 not-member')
    expect((await shown(awa, bos)).row?.standing).toBe('banned')

    await awa.ask('unban', ...WORDS, '--', bos)
    const rows = await read(awa)
    expect(rows.map(({ type, from, said, decision }) => [type, from, said?.words, decision?.what])).toEqual([
      ['appeal', bos, 'It was my brother.', expect.stringMatching(/^(notice|ban)$/)],
      ['appeal', bos, 'Really.', 'ban'],
      ['appeal', dias, 'And me?', undefined],
    ])
    expect(rows[1]?.decision).toMatchObject({ why: 'abuse', lifted: true })
    const stranger = person()
    await stranger.ask('identity', 'new', ...WORDS)
    expect(await stranger.refused(...appeal('Hello', ...WORDS, '--relay', relay.origin))).toBe(
      '1 member-unknown',
    )
  })

  test('what cannot be said is refused before anybody is asked', async () => {
    const bo = person()
    const nobody = ['--relay', 'http://127.0.0.1:1'] as const
    for (const words of ['', ' \n', 'x'.repeat(501), 'a\u202eb']) {
      const report = [
        'report',
        '--reason',
        'spam',
        `--words=${words}`,
        ...nobody,
        '--',
        'A'.repeat(43),
      ] as const
      expect(await bo.refused(...report)).toBe('2 words-invalid')
      expect(await bo.refused('appeal', `--words=${words}`, ...nobody)).toBe('2 words-invalid')
    }
    expect(await bo.refused('report', ...nobody, '--', 'A'.repeat(43))).toBe('2 usage')
    expect(await bo.refused('report', '--reason', 'noise', '--', 'A'.repeat(43))).toBe('2 usage')
    expect(await bo.refused('report', '--reason', 'spam', '--room', 'here', '--', 'A'.repeat(43))).toBe(
      '2 usage',
    )
    expect(await bo.refused('appeal', ...nobody)).toBe('2 usage')
  })
})
