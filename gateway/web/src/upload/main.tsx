/** The upload page. */

import { mountPage } from '../shell/page';
import { UploadPage } from './upload_page';

// Coming back by the browser's own button shows the page as it was left, in the middle of sending.
window.addEventListener('pageshow', (event) => event.persisted && location.reload());
mountPage({ current: '/' }, <UploadPage />);
