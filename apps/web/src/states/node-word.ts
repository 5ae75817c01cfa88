import type { CloudlessNode } from '@cloudless/proto';

type State = CloudlessNode['state'];

/** It said that its machine is shut down: it is away and belongs to the cluster still. */
export const isShutDown = ({ word, cause }: State): boolean => word === 'left' && cause.code === 'shut_down';

/** The key of a device's word in the catalogue. */
export const nodeWord = (state: State): State['word'] | 'shutDown' => (isShutDown(state) ? 'shutDown' : state.word);
