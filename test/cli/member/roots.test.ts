import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { emptyRelay, founder, guestOf, memberOf, PATIENCE, person, shown } from './terminal.ts'

const WORDS = ['--words-file', 'words.txt']

describe('devices and roots from a terminal', { timeout: PATIENCE }, () => {
  test('the words alone make a new device, which the old one cannot stop', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const laptop = person(bo.folder, 'laptop')
    await laptop.ask('identity', 'restore', '--relay', relay.origin, ...WORDS)
    expect(await memberOf(laptop)).toBe(await memberOf(bo))
    // The profile came along.
    const { profile } = JSON.parse((await laptop.type('export')).stdout)
    expect(profile.name).toBe('Bo')
    expect(await laptop.refused('identity', 'restore', '--relay', relay.origin, ...WORDS)).toBe(
      '2 already-joined',
    )
    const devices = await laptop.ask<{ key: string; this: boolean }[]>('identity', 'device', 'list')
    expect(devices).toHaveLength(2)
    const old = devices.find((device) => !device.this)
    await laptop.ask('identity', 'device', 'remove', ...WORDS, '--', old?.key as string)
    expect(await bo.refused('invite')).toBe('1 not-member')
    await laptop.ask('invite')
  })

  test('words of nobody make no device', async () => {
    const relay = await emptyRelay()
    await founder(relay)
    const eve = person()
    await eve.ask('identity', 'new', ...WORDS)
    expect(await eve.refused('identity', 'restore', '--relay', relay.origin, ...WORDS)).toBe(
      '1 member-unknown',
    )
    expect(await eve.ask('identity', 'show')).toEqual([])
  })

  test('new words take the place of the old ones', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    await bo.ask('identity', 'new', '--words-file', 'new.txt')
    await bo.ask('identity', 'rotate', ...WORDS, '--new-words-file', 'new.txt')
    expect(await bo.refused('identity', 'rotate', ...WORDS, '--new-words-file', 'new.txt')).toBe(
      '2 phrase-wrong',
    )
    expect(await bo.refused('leave', ...WORDS)).toBe('1 member-unknown')
    await bo.ask('leave', '--words-file', 'new.txt')
    expect((await shown(awa, await memberOf(bo))).row?.standing).toBe('left')
  })

  test('guardians give new words to whoever lost theirs', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const cee = await guestOf(awa, 'Cee')
    const [lost, ...ids] = [await memberOf(bo), await memberOf(awa), await memberOf(cee)] as [
      string,
      ...string[],
    ]
    await bo.ask('identity', 'guardians', ...WORDS, '--', '2', ...ids)
    const fresh = person()
    await fresh.ask('identity', 'new', ...WORDS)
    const at = ['--relay', relay.origin]
    await fresh.ask('identity', 'recover', ...at, ...WORDS, '--out', 'recover.json', '--', lost)
    const file = join(fresh.folder, 'recover.json')
    await awa.ask('sign', file)
    expect(await awa.refused('submit', file)).toBe('1 guardians-minority')
    await cee.ask('sign', file)
    await cee.ask('submit', file)
    expect(await awa.refused('submit', file)).toBe('1 statement-known')
    // The old words still say no: whatever they do withdraws it.
    await bo.ask('identity', 'guardians', ...WORDS, '--', '1', ids[0] as string)
    const { state } = JSON.parse((await bo.type('export')).stdout)
    expect(state.recovery).toBeUndefined()
  })

  test('a council of two decides by files, and a minority does not', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const cee = await guestOf(awa, 'Cee')
    const target = await memberOf(cee)
    const { members } = await shown(awa, target)
    const keys = members.slice(0, 2).map(({ root }) => root)
    await awa.ask('community', 'council', ...WORDS, '--', '2', ...keys)
    expect((await shown(bo, target)).council).toMatchObject({ v: 1, k: 2 })

    expect(await awa.refused('ban', '--reason', 'fake', ...WORDS, '--', target)).toBe('1 council-minority')
    await awa.ask('ban', '--reason', 'fake', ...WORDS, '--out', 'ban.json', '--', target)
    const file = join(awa.folder, 'ban.json')
    expect(await awa.refused('submit', file)).toBe('1 council-minority')
    // The same signature twice is one, and a stranger's is none.
    await awa.ask('sign', file, ...WORDS)
    expect(await awa.refused('submit', file)).toBe('1 council-minority')
    expect(await cee.refused('sign', file, ...WORDS)).toBe('2 phrase-wrong')

    const { payload, signers } = await bo.ask<{ payload: { m: string; why: string }; signers: string[] }>(
      ...['sign', file, ...WORDS],
    )
    expect(payload).toMatchObject({ m: target, why: 'fake' })
    expect(signers.toSorted()).toEqual(keys.toSorted())
    await bo.ask('submit', file)
    expect((await shown(awa, target)).row?.standing).toBe('banned')
  })

  test('a request that was changed on the way is refused', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    await awa.ask('ban', '--reason', 'spam', ...WORDS, '--out', 'ban.json', '--', await memberOf(bo))
    const file = join(awa.folder, 'ban.json')
    const request = JSON.parse(readFileSync(file, 'utf8'))
    const bytes = Buffer.from(request.statement, 'base64url')
    const why = bytes.indexOf('spam')
    bytes.write('fake', why)
    writeFileSync(file, JSON.stringify({ ...request, statement: bytes.toString('base64url') }))
    expect(await awa.refused('submit', file)).toBe('1 signature-wrong')
    expect((await shown(awa, await memberOf(bo))).row?.standing).toBe('active')
  })

  test('stewards certify, and members vouch, open rooms and attest', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const cee = await guestOf(awa, 'Cee')
    const ids = [await memberOf(bo), await memberOf(cee)] as const
    expect(await awa.refused('certify', '--', ids[1])).toBe('1 not-steward')
    await awa.ask('community', 'stewards', ...WORDS, '--', ids[0])
    await bo.ask('certify', '--', ids[1])
    expect((await shown(awa, ids[1])).row?.certified).toBe(true)
    await bo.ask('certify', '--off', '--', ids[1])
    await bo.ask('vouch', '--', ids[1])
    expect(await bo.refused('vouch', '--', ids[1])).toBe('1 vouch-known')
    const { room } = await bo.ask<{ room: string }>('room', 'open', '--title', 'Evening tales')
    await bo.ask('attest', `--room=${room}`, '--minutes', '1', '--', ids[1])
    expect(await bo.refused('attest', `--room=${room}`, '--minutes', '300', '--', ids[1])).toBe(
      '1 attestation-too-long',
    )
    await bo.ask('room', 'end', '--', room)
    expect(await bo.refused('room', 'end', '--', room)).toBe('1 room-closed')
    expect(await cee.refused('claim')).toBe('1 claim-short')
  })
})
