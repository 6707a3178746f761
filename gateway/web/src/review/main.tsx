/** The page of the year in review. */

import '../charts/charts.css';
import './review.css';
import { mountPage } from '../shell/page';
import { ReviewPage } from './review_page';

mountPage({ current: '/review', wide: true }, <ReviewPage />);
