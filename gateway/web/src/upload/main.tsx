import { mountPage } from '../shell/page';

mountPage({ current: '/' }, <h1>Your listening history, in numbers</h1>);
