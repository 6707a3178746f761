/** The upload page: files in, what they are, how far sending is; then what was there before, and one's data. */

import './upload.css';
import { useEffect, useState } from 'preact/hooks';
import { getJson } from '../api/request';
import type { Overview } from '../api/types';
import { ProblemNotice } from '../shell/notice';
import { useStore } from '../shell/store';
import { YourData } from '../you/your_data';
import { DropZone } from './drop_zone';
import { UploadFlow } from './flow';
import { HowToAsk } from './how_to_ask';
import { PastUploads } from './past_uploads';
import { withInterrupted } from './resuming';
import { Review } from './review';
import { RemoveSample, TrySample, useSample } from './sample';
import { Looking, Packing, Sending } from './sending_cards';

const flow = new UploadFlow();

/** All of it. */
export function UploadPage() {
  const stage = useStore(flow.stage);
  const problem = useStore(flow.problem);
  const [overview, setOverview] = useState<Overview | null>(null);
  useEffect(() => {
    withInterrupted((shipment) => flow.resume(shipment)).catch(flow.problem.set.bind(flow.problem));
    getJson('/api/listens/overview').then(setOverview, flow.problem.set.bind(flow.problem));
  }, []);
  const sample = useSample();
  const choosing = stage.name === 'choose';
  return (
    <>
      <h1>Your listening history, in numbers</h1>
      <p class="lead">
        Bring the export of your music service: the ZIP as you got it, or the JSON files in it. A minute later you see
        what you have listened to, and when.
      </p>
      <ProblemNotice error={problem} retry={() => location.reload()} />
      <section aria-labelledby="choose-title">
        <h2 id="choose-title" class="visually-hidden">
          Choose files
        </h2>
        <Stages holds={sample === 'only'} />
        <NeverStored />
      </section>
      {(choosing || stage.name === 'review') && <RemoveSample state={sample} />}
      {choosing && overview?.plays === 0 && <TrySample flow={flow} />}
      {choosing && <HowToAsk open={overview?.plays === 0} />}
      {choosing && <PastUploads />}
      {choosing && overview && <YourData overview={overview} />}
    </>
  );
}

function Stages({ holds }: { holds: boolean }) {
  const stage = useStore(flow.stage);
  switch (stage.name) {
    case 'choose':
      return <DropZone flow={flow} interrupted={stage.interrupted} />;
    case 'looking':
      return <Looking file={stage.file} />;
    case 'review':
      return <Review flow={flow} looked={stage.looked} plan={stage.plan} holds={holds} />;
    case 'packing':
      return <Packing flow={flow} done={stage.done} total={stage.total} />;
    case 'sending':
      return <Sending flow={flow} state={stage} />;
  }
}

function NeverStored() {
  return (
    <p id="never-stored" class="never-stored">
      <strong>Never stored:</strong> IP addresses, user names, user agents and device ids, even where your export holds
      them. Only files with plays in them leave this machine; a file is deleted once it has been read. One that could
      not be read is kept for a few days at most, so that you can try it again.
    </p>
  );
}
