/** The picture on the page, its colours to choose from, and the way to save it. */

import { useEffect, useRef } from 'preact/hooks';
import { save } from '../charts/save';
import { textOf } from './facts';
import { LOOKS, type LookName } from './looks';
import { drawPoster, HEIGHT, WIDTH } from './poster';
import type { Review } from './review';

interface View {
  review: Review;
  look: LookName;
  choose: (look: LookName) => void;
  stale: boolean;
}

/** What is shown is what is saved. */
export function PosterView({ review, look, choose, stale }: View) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (pen) drawPoster(pen, review, LOOKS[look]);
  }, [review, look]);
  const savePicture = () => canvas.current?.toBlob((picture) => picture && save(picture, `My year ${review.year}.png`));
  return (
    <figure class={`poster ${stale ? 'stale' : ''}`}>
      <canvas ref={canvas} id="poster" width={WIDTH} height={HEIGHT} role="img" aria-label={textOf(review)} />
      <figcaption class="poster-tools">
        <fieldset class="looks">
          <legend class="visually-hidden">Colours of the picture</legend>
          {Object.entries(LOOKS).map(([name, { name: title }]) => (
            <label key={name} class={`look ${name}`}>
              <input
                type="radio"
                name="look"
                value={name}
                checked={name === look}
                onChange={() => choose(name as LookName)}
              />
              <span>{title}</span>
            </label>
          ))}
        </fieldset>
        <button id="save-picture" type="button" class="button" onClick={savePicture}>
          Save as a picture
        </button>
      </figcaption>
    </figure>
  );
}
