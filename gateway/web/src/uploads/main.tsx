/** The page of one upload. */

import { mountPage } from '../shell/page';
import { ProgressPage } from './progress_page';

const id = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');
mountPage({}, <ProgressPage id={id} />);
