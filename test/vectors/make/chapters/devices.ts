import { DEVICE_REMOVE } from '../../../../protocol/identity/device.ts'
import type { StatementId } from '../../../../protocol/ids.ts'
import { addDevice, invite, type Person, signerOf } from '../../../support/community.ts'
import { Story, type Tell } from '../story.ts'

/** §5.3: devices that come and go. */
export async function devices(tell: Tell): Promise<void> {
  const lost = await Story.begin()
  const phone = await withPhone(lost)
  lost.put((await invite(phone, 0, lost.at)).envelope)
  await lost.rootSays(lost.alice, DEVICE_REMOVE, { device: phone.device.publicKey })
  lost.put((await invite({ ...phone }, 1, lost.at)).envelope)
  lost.put((await invite(lost.alice, 1, lost.at)).envelope)
  await tell(
    'a phone that was removed does nothing more, and what it did stays',
    'DEV-4',
    lost,
    '1 members 6 device-removed',
  )

  const back = await Story.begin()
  const removed = await withPhone(back)
  await back.rootSays(back.alice, DEVICE_REMOVE, { device: removed.device.publicKey })
  back.put(await addDevice({ ...back.alice }, 'Alice phone', back.at))
  await back.rootTries(back.alice, DEVICE_REMOVE, { device: removed.device.publicKey })
  await tell(
    'a phone that was removed neither comes back nor goes twice',
    'DEV-4',
    back,
    '1 members 5 device-known 6 device-removed',
  )

  const foreign = await Story.begin()
  const bob = await foreign.guest(foreign.alice, 0, 'Bob')
  await foreign.rootTries(foreign.alice, DEVICE_REMOVE, { device: bob.device.publicKey })
  await foreign.rootTries(foreign.alice, DEVICE_REMOVE, { device: signerOf('nobody').publicKey })
  await tell(
    'devices of others and of nobody are not removed',
    'DEV-4',
    foreign,
    '2 members 5 device-unknown 6 device-unknown',
  )
}

/** Alice gets a second device, with which she acts from then on in a chain of its own. */
export async function withPhone(story: Story): Promise<Person> {
  const added = await addDevice(story.alice, 'Alice phone', story.at)
  story.put(added)
  const last = added.id as StatementId
  return { ...story.alice, device: signerOf('Alice phone'), deviceChain: { next: 0, last } }
}
