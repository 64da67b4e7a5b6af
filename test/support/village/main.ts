import type { PeerErrorCode } from '../../../node/errors.ts'
import type { Right } from '../../../node/people/view.ts'
import { start } from '../../../web/start.ts'
import { FakeVillage, MESSAGES, NOTICES, VILLAGERS, type VillageOptions } from '../fake-door.ts'

declare global {
  /** The village behind the page, for tests that play the other people. */
  var village: FakeVillage
  var villagers: typeof VILLAGERS
}

/** The app with a village in memory behind it. The query says how the village stands: `?as=nobody&founded=no`. */
const query = new URLSearchParams(location.search)
globalThis.villagers = VILLAGERS
globalThis.village = new FakeVillage({
  as: (query.get('as') ?? 'member') as VillageOptions['as'],
  hidesAddress: query.get('hides') === 'yes',
  founded: query.get('founded') !== 'no',
  rooms: query.get('rooms') !== 'no',
  ...(query.has('members') ? { members: Number(query.get('members')) } : {}),
  ...(query.has('rights') ? { rights: (query.get('rights') as string).split(',') as Right[] } : {}),
  ...(query.has('notices') ? { notices: NOTICES } : {}),
  reading: query.has('reading'),
  alone: query.get('council') !== 'many',
  ...(query.has('messages') ? { messages: MESSAGES } : {}),
  ...(query.has('appeal')
    ? { appeal: { state: 'possible', by: query.get('appeal') as 'device' | 'root' } }
    : {}),
  failing: (query.get('failing') ?? undefined) as PeerErrorCode | undefined,
})

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no element #app')
await start(target, async () => globalThis.village)
