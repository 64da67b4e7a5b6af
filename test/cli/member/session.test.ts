import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { emptyRelay, founder, guestOf, memberOf, PATIENCE, person, shown } from './terminal.ts'

describe('a community from a terminal', { timeout: PATIENCE }, () => {
  test('is founded, joined by invitation, and shows who is in it', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const { row, members, size } = await shown(bo, await memberOf(bo))
    expect(size).toBe(5)
    expect(members.map(({ name, standing }) => [name, standing])).toEqual([
      ['Awa', 'active'],
      ['Bo', 'active'],
    ])
    expect(row?.name).toBe('Bo')
    const slots = await awa.ask<{ slot: number; state: string; name?: string }[]>('invite', 'list')
    expect(slots[0]).toMatchObject({ slot: 0, state: 'used', name: 'Bo' })
    expect(slots[1]).toMatchObject({ slot: 1, state: 'free' })
    expect(slots).toHaveLength(12)
    const told = await awa.type('community', 'show')
    expect(told.stdout).toContain('Riverside, since ')
    expect(told.stdout).toContain('2 active')
  })

  test('a phrase is for its owner alone, and is never written over', async () => {
    const awa = person()
    await awa.ask('identity', 'new', '--words-file', 'words.txt')
    const file = join(awa.folder, 'words.txt')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const phrase = readFileSync(file, 'utf8')
    expect(phrase.trim().split(' ')).toHaveLength(24)
    expect(await awa.refused('identity', 'new', '--words-file', 'words.txt')).toBe('2 file-exists')
    expect(readFileSync(file, 'utf8')).toBe(phrase)
    const { words } = await awa.ask<{ words: string[] }>('identity', 'new')
    expect(words).toHaveLength(24)
  })

  test('bans, and takes it back', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const member = await memberOf(bo)
    const words = ['--words-file', 'words.txt']
    await awa.ask('community', 'notice', '--reason', 'spam', ...words, '--', member)
    await awa.ask('ban', '--reason', 'spam', '--cut', '0', ...words, '--', member.slice(0, 8))
    expect((await shown(awa, member)).row?.standing).toBe('banned')
    expect(await bo.refused('community', 'show')).toBe('1 not-member')
    expect(await awa.refused('ban', '--reason', 'abuse', ...words, '--', member)).toBe('1 ban-known')
    await awa.ask('unban', ...words, '--', member)
    expect((await shown(bo, member)).row?.standing).toBe('active')
    expect(await awa.refused('unban', ...words, '--', member)).toBe('1 ban-unknown')
  })

  test('an invitation is withdrawn, and a guest’s coming in undone', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const { slot, link } = await awa.ask<{ slot: number; link: string }>('invite', '--expires', '2d')
    expect(slot).toBe(1)
    await awa.ask('invite', 'withdraw', '1')
    await bo.ask('identity', 'new', '--words-file', 'other.txt')
    const cee = person(bo.folder, 'cee')
    expect(await cee.refused('join', link, '--name', 'Cee', '--words-file', 'other.txt')).toBe(
      '1 invitation-void',
    )
    await awa.ask('invite', 'undo', '0')
    expect((await shown(awa, await memberOf(bo))).row?.standing).toBe('repudiated')
    expect(await awa.refused('invite', 'undo', '0')).toBe('2 invitation-unknown')
  })

  test('an invitation for one person lets nobody else in', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = person()
    await bo.ask('identity', 'new', '--words-file', 'words.txt')
    await bo.ask('identity', 'new', '--words-file', 'other.txt')
    const at = ['--relay', relay.origin]
    const { root } = await bo.ask<{ root: string }>('identity', 'root', ...at, '--words-file', 'words.txt')
    const { link } = await awa.ask<{ link: string }>('invite', `--for=${root}`)
    expect(await bo.refused('join', link, '--name', 'Bo', '--words-file', 'other.txt')).toBe(
      '1 invitation-not-for-you',
    )
    await bo.ask('join', link, '--name', 'Bo', '--words-file', 'words.txt')
    expect((await shown(bo, await memberOf(bo))).row?.root).toBe(root)
  })

  test('the words may come on standard input, as a person types them', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const { link } = await awa.ask<{ link: string }>('invite')
    const { words } = await awa.ask<{ words: string[] }>('identity', 'new')
    const bo = person(undefined, undefined, `  ${words.join('\n').toUpperCase()} `)
    await bo.ask('join', link, '--name', 'Bo')
    expect((await shown(bo, await memberOf(bo))).row?.name).toBe('Bo')
  })

  test('gives out everything that it holds of somebody, and no key', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const { link } = await bo.ask<{ link: string }>('invite')
    await bo.ask('export', '--out', 'me.json')
    const file = join(bo.folder, 'me.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const text = readFileSync(file, 'utf8')
    const own = JSON.parse(text)
    expect(own.member).toBe(await memberOf(bo))
    expect(own.profile.name).toBe('Bo')
    expect(own.devices).toHaveLength(1)
    expect(own.entries.map((entry: { type: string }) => entry.type)).toEqual(['invite', 'join', 'invite'])
    expect(own.invitations[0].link).toBe(link)
    for (const word of ['privateKey', '"seed"', readFileSync(join(bo.folder, 'words.txt'), 'utf8').trim()])
      expect(text).not.toContain(word)
  })

  test('erases a profile at the relay, also for somebody who is banned', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const cee = await guestOf(awa, 'Cee')
    const ids = { bo: await memberOf(bo), cee: await memberOf(cee) }
    expect((await shown(awa, ids.bo)).row?.name).toBe('Bo')
    await bo.ask('erase')
    expect(await bo.refused('erase')).toBe('1 erased')
    await awa.ask('ban', '--reason', 'abuse', '--words-file', 'words.txt', '--', ids.cee)
    expect(await cee.refused('erase')).toBe('1 not-member')
    await cee.ask('erase', '--words-file', 'words.txt')
    for (const member of [ids.bo, ids.cee]) expect((await shown(awa, member)).row?.name).toBeUndefined()
    // Nor does the relay give it to somebody who never held it.
    const dia = await guestOf(awa, 'Dia')
    const { members } = await shown(dia, ids.bo)
    expect(members.map(({ name }) => name)).toEqual(['Awa', undefined, undefined, 'Dia'])
  })

  test('is left for good', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const member = await memberOf(bo)
    await bo.ask('leave', '--words-file', 'words.txt')
    expect((await shown(awa, member)).row?.standing).toBe('left')
    expect(await bo.refused('leave', '--words-file', 'words.txt')).toBe('1 member-left')
    expect(await bo.refused('invite')).toBe('1 not-member')
  })
})
