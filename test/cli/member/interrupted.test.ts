import { describe, expect, test } from 'vitest'
import { deviceSigner } from '../../../node/crypto/device-key.ts'
import { openHome } from '../../../node/headless/home.ts'
import { readCard } from '../../../node/membership-card.ts'
import { INVITE, invitationSigner } from '../../../protocol/community/invite.ts'
import { seal } from '../../../protocol/envelope.ts'
import type { CommunityId, MemberId, StatementId } from '../../../protocol/ids.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { bytesOf } from '../../support/community.ts'
import { emptyRelay, founder, memberOf, PATIENCE, shown } from './terminal.ts'

describe('a command that did not end', { timeout: PATIENCE }, () => {
  test('what was signed and stored is sent unchanged before anything else is signed', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const [known] = await awa.ask<{ community: CommunityId; member: MemberId }[]>('identity', 'show')
    const { community, member } = known as { community: CommunityId; member: MemberId }
    const { invitation } = await awa.ask<{ invitation: StatementId }>('invite')

    // As a process leaves it that was killed between storing a statement and sending it.
    const home = openHome(awa.home)
    const card = await readCard(home, community)
    if (!card) throw new Error('the founder has a card')
    const device = deviceSigner(card.device)
    const seed = bytesOf('seed').slice(0, 16)
    const place = { m: member, n: 1, prev: invitation, at: toLedgerTime(Math.floor(Date.now() / 1000)) }
    const { publicKey: key } = invitationSigner(seed, community)
    const { id, bytes } = await seal(INVITE, community, { ...place, slot: 5, key }, [device])
    await home.put(`act/${community}/${device.publicKey}`, bytes)
    home.close()

    const next = await awa.ask<{ slot: number }>('invite')
    expect(next.slot).toBe(1)
    const slots = await awa.ask<{ slot: number; invitation?: string }[]>('invite', 'list')
    expect(slots[5]?.invitation).toBe(id)
    expect((await shown(awa, await memberOf(awa))).row?.standing).toBe('active')
  })

  test('nothing is signed for a relay that is away, and nothing lost', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    await relay.kill()
    expect(await awa.refused('invite')).toBe('2 relay-unreachable')
    await relay.restart()
    expect(await awa.ask('invite')).toMatchObject({ slot: 0 })
  })
})
